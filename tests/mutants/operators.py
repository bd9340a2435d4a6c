"""What is changed in a module: one small thing at a time, in its syntax tree.

Left out is what the rules do not decide by: annotations, type aliases, docstrings, texts for people (strings with a
blank in them), `assert`s, how many answers a function keeps, and in a rule's declaration its number, code, titles, legal
basis and the list of parameters.
"""

import ast
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import NamedTuple

_COMPARISONS = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_OPERATIONS = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult,
    ast.Pow: ast.Mult, ast.LShift: ast.RShift, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip
_CALLS = {"min": "max", "max": "min", "any": "all", "all": "any"}
_UNWRAPPED = {"abs", "reversed", "round", "sorted"}
_MEMBERS = {  # on a `deliver`, where all of Duty.DELIVERING are, every duty is the same enterprise's
    "Wait": {"NONE": "LONG", "SHORT": "NONE", "LONG": "SHORT"},
    "Duty": {"FILLING": "SCANNING", "VEHICLE": "SCANNING", "SCANNING": "FILLING"},
}
_TYPES = {"annotation", "returns", "bases", "type_params", "format_spec"}
_DECLARED = {"no", "code", "zh", "en", "basis", "parameters"}
_NAMES_LEFT_OUT = {"__all__", "_MODULES", "LAWS"}  # `_MODULES` is there for its imports
_NEGATED_ALREADY = (ast.Eq, ast.NotEq, ast.Is, ast.IsNot, ast.In, ast.NotIn)


class Place(NamedTuple):
    """Where a node stands: in a field of its parent, in a function (its name, empty for the module), in a statement."""

    parent: ast.AST
    field: str
    index: int | None
    function: str
    statement: ast.AST


class Mutant(NamedTuple):
    """A change: its name stays the same while the code around it moves. Valid until the next is asked for."""

    module: str
    function: str  # the outermost one, empty for what runs when the module is read
    change: str
    lines: range
    tree: ast.Module

    @property
    def name(self) -> str:
        return f"{self.module} {self.function or 'module'}: {self.change}"


def mutants(path: Path, root: Path) -> Iterator[Mutant]:
    """Every mutant of a module, one after another, each in one tree that is put right again after it."""
    tree = ast.parse(path.read_text(), str(path))
    module = str(path.relative_to(root))
    for place, node in list(_places(tree, "", tree)):
        for other in _instead(node, place):
            ast.fix_missing_locations(ast.copy_location(other, node))
            change = _shown(place, node, other)
            _put(place, other)
            if isinstance(place.statement, ast.FunctionDef):
                change = f"{place.statement.name} declares {change}"
            yield Mutant(module, place.function, change, _lines(place, node), tree)
            _put(place, node)


def _lines(place: Place, node: ast.AST) -> range:
    """The lines from a statement's first to the changed node's last; of a declaration those of its function."""
    around = place.statement
    end = around.end_lineno if isinstance(around, ast.FunctionDef) else node.end_lineno  # type: ignore[attr-defined]
    return range(around.lineno, end + 1)  # type: ignore[attr-defined] # both have them


def unchanged(path: Path, root: Path) -> Mutant:
    """What must survive, wherever it is run."""
    tree = ast.parse(path.read_text(), str(path))
    return Mutant(str(path.relative_to(root)), "", "nothing", range(1, 1000), tree)


def _put(place: Place, node: ast.AST) -> None:
    if place.index is None:
        setattr(place.parent, place.field, node)
    else:
        getattr(place.parent, place.field)[place.index] = node


def _shown(place: Place, node: ast.AST, other: ast.AST) -> str:
    """The change within the expression around it, where there is one: `a < b -> a <= b`."""
    around = place.parent if isinstance(place.parent, ast.expr | ast.keyword | ast.Return | ast.Assign) else node
    if isinstance(place.parent, ast.AnnAssign):
        return f"{_line(place.parent.target)} = {_line(node)} -> {_line(other)}"
    before = _line(around)
    if around is node:
        return f"{before} -> {_line(other)}"
    _put(place, other)
    after = _line(around)
    _put(place, node)
    return f"{before} -> {after}"


def _line(node: ast.AST) -> str:
    return " ".join(ast.unparse(node).split())


def _places(node: ast.AST, function: str, statement: ast.AST) -> Iterator[tuple[Place, ast.AST]]:
    for field, value in ast.iter_fields(node):
        if field in _TYPES or (isinstance(node, ast.ClassDef) and field == "keywords"):
            continue
        for index, child in enumerate(value) if isinstance(value, list) else ((None, value),):
            if not isinstance(child, ast.AST) or _is_left_out(child, node):
                continue
            # What stands beside a function's body runs when the function is made.
            inside = function or (node.name if isinstance(node, ast.FunctionDef) and field == "body" else "")
            around = child if isinstance(child, ast.stmt | ast.match_case) else statement
            if isinstance(child, ast.match_case):
                around = child.pattern
            yield Place(node, field, index, inside, around), child
            yield from _places(child, inside, around)


def _is_left_out(node: ast.AST, parent: ast.AST) -> bool:
    match node:
        case ast.Import() | ast.ImportFrom() | ast.Assert():
            return True
        case ast.FunctionDef(decorator_list=decorators) if any(_line(one) == "overload" for one in decorators):
            return True
        case ast.Expr(value=ast.Constant()):  # a docstring
            return True
        case ast.Call(func=ast.Name(id="lru_cache")):  # how many answers are kept
            return True
        case ast.JoinedStr(values=parts):
            return any(isinstance(part, ast.Constant) and " " in part.value for part in parts)
        case ast.keyword(arg=name):
            declares = isinstance(parent, ast.Call) and _line(parent.func) in {"rule", "timer"}
            return declares and name in _DECLARED
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if isinstance(parent, ast.Module):
            is_type = isinstance(value, ast.Subscript | ast.BinOp) and name != name.upper()
            is_variable = isinstance(value, ast.Call) and _line(value.func) == "TypeVar"
            return name in _NAMES_LEFT_OUT or is_type or is_variable
    return False


def _instead(node: ast.AST, place: Place) -> Iterator[ast.AST]:
    match node:
        case ast.Compare(ops=ops):
            for at, operator in enumerate(ops):
                yield ast.Compare(
                    node.left, [*ops[:at], _COMPARISONS[type(operator)](), *ops[at + 1 :]], node.comparators
                )
        case ast.BoolOp(op=operator, values=values):
            yield ast.BoolOp(ast.And() if isinstance(operator, ast.Or) else ast.Or(), values)
            for at in range(len(values)):
                rest = [*values[:at], *values[at + 1 :]]
                yield rest[0] if len(rest) == 1 else ast.BoolOp(operator, rest)
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield operand
        case ast.BinOp(op=operator) | ast.AugAssign(op=operator):
            yield _with(node, lambda copy: setattr(copy, "op", _OPERATIONS[type(operator)]()))
        case ast.Constant():
            yield from _constants(node, place)
        case ast.Call(func=ast.Name(id=name)) if name in _CALLS:
            yield _with(node, lambda copy: setattr(copy.func, "id", _CALLS[name]))
        case ast.Call(func=ast.Name(id=name), args=[first, *_]) if name in _UNWRAPPED:
            yield first
        case ast.Attribute(value=ast.Name(id=name), attr=member) if member in _MEMBERS.get(name, ()):
            yield ast.Attribute(node.value, _MEMBERS[name][member], ast.Load())
        case ast.Return(value=ast.expr() as value) if not (isinstance(value, ast.Constant) and value.value is None):
            yield ast.Return(ast.Constant(None))
        case ast.Tuple(elts=[_, *_], ctx=ast.Load()) if place.function == "" and _is_listing(node):
            for at in range(len(node.elts)):
                yield ast.Tuple([*node.elts[:at], *node.elts[at + 1 :]], ast.Load())
    yield from _conditions(node, place)
    yield from _deletions(node)


def _is_listing(node: ast.Tuple) -> bool:
    """Whether it lists names: what it holds as strings is changed one by one."""
    return all(isinstance(one, ast.Name | ast.Starred) for one in node.elts)


def _conditions(node: ast.AST, place: Place) -> Iterator[ast.AST]:
    is_condition = place.field in {"test", "ifs", "guard"} and isinstance(node, ast.expr)
    if not is_condition or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)):
        return
    if not (isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], _NEGATED_ALREADY)):
        yield ast.UnaryOp(ast.Not(), node)


def _constants(node: ast.Constant, place: Place) -> Iterator[ast.AST]:
    match node.value:
        case bool():
            yield ast.Constant(not node.value)
        case int() | float():
            yield ast.Constant(node.value + 1)
        case bytes():
            yield ast.Constant(b"X" + node.value)
        case str() if " " not in node.value:
            yield ast.Constant("X" + node.value)


def _deletions(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Expr() | ast.AugAssign() | ast.Continue() | ast.Break() | ast.Raise() | ast.Delete():
            yield ast.Pass()
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript() | ast.Tuple(elts=[ast.Attribute(), *_])]):
            yield ast.Pass()


def _with(node: ast.AST, change: Callable[[ast.AST], None]) -> ast.AST:
    copy = deepcopy(node)
    change(copy)
    return copy
