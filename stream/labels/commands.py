"""`pingliu labels` and `pingliu cards`: the command line of this folder; drawing is loaded only where something is drawn."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import orjson
import typer

from processors.labels import link, make
from processors.registry_rows import Customer
from processors.times import SHANGHAI
from stream.labels import codes
from stream.labels.check import Report, explain
from stream.labels.codes import LabelError
from stream.registry_load import read as read_registry
from stream.settings import load
from stream.terminal import say, warn

BAD_CODE = 1

labels_app = typer.Typer(
    help="The QR labels on cylinders.\n\n\b\npingliu labels print --type 690123456789 --serials 0001-0500\n"
    "pingliu labels check 0690123456789200047A2Y",
    no_args_is_help=True,
)
cards_app = typer.Typer(
    help="The cards of gas users.\n\n\b\npingliu cards print --customers registry.jsonl", no_args_is_help=True
)

Out = Annotated[Path, typer.Option(help="NAME.pdf; NAME.svg, a file a page; or a folder, an SVG file for each code")]
Paper = Annotated[Literal["a4", "roll"], typer.Option(help="a4: a sheet with cut marks; roll: one to a page")]
Grid = Annotated[str | None, typer.Option(metavar="COLUMNSxROWS", help="of an A4 sheet; as many as fit without it")]
Margin = Annotated[str | None, typer.Option(metavar="LEFTxTOP", help="of an A4 sheet, mm; in the middle without it")]
Gap = Annotated[str, typer.Option(metavar="ACROSSxDOWN", help="between two on an A4 sheet, mm")]
Marks = Annotated[bool, typer.Option("--marks/--no-marks", help="cut marks in the margins of an A4 sheet")]
Dots = Annotated[
    float,
    typer.Option(
        min=6, max=100, help="printer dots a mm: 8 is 203 dpi, 12 300 dpi, 24 600 dpi; modules are whole dots"
    ),
]
Manifest = Annotated[
    Path | None, typer.Option(metavar="FILE.csv", help="list there what was printed; refuse what it lists already")
]
Again = Annotated[bool, typer.Option("--again", help="print what the manifest lists once more")]
AsJson = Annotated[bool, typer.Option("--json", help="as JSON, one object a line")]


@labels_app.command("print")
def labels_print(
    labels: Annotated[list[str] | None, typer.Argument(metavar="LABEL", help="whole labels, printed again")] = None,
    asset_type: Annotated[
        str | None, typer.Option("--type", metavar="12-DIGITS", help="company prefix and cylinder model")
    ] = None,
    serials: Annotated[str | None, typer.Option(metavar="LIST", help="such as 7A2,7A3,0001-0500")] = None,
    serials_file: Annotated[Path | None, typer.Option(metavar="FILE", help="the same, one or more a line")] = None,
    first: Annotated[
        str | None, typer.Option("--from", metavar="SERIAL", help="with --count: the first of a run")
    ] = None,
    count: Annotated[int | None, typer.Option(min=1, help="with --from: how many")] = None,
    host: Annotated[str | None, typer.Option(help="of the link; without it the setting label_host")] = None,
    paper: Paper = "a4",
    label: Annotated[str, typer.Option(metavar="WIDTHxHEIGHT", help="size of a label, mm")] = "60x40",
    grid: Grid = None,
    margin: Margin = None,
    gap: Gap = "0x0",
    marks: Marks = True,
    dots: Dots = 8,
    out: Out = Path("labels.pdf"),
    manifest: Manifest = None,
    again: Again = False,
    as_json: AsJson = False,
) -> None:
    """Sheets of QR labels: the GS1 Digital Link of each cylinder, with its code in words.

    Serials are given without their check character; it is added. A run counts in tens where both ends hold digits
    only (0009 then 0010), else by 36 (000A … 000Z, 0010). Error correction is H (30 % may be lost), a module 0.396 to
    0.990 mm, the quiet zone 4 modules. Print at 100 %, not "fit to page".

    \b
    pingliu labels print --type 690123456789 --serials 0001-0500 --out labels.pdf --manifest printed.csv
    pingliu labels print --type 690123456789 --from A000 --count 40 --paper roll --label 40x40 --dots 12
    pingliu labels print --type 690123456789 --serials-file serials.txt --label 63.5x38.1 --grid 3x7 --gap 2.5x0
    pingliu labels print 0690123456789200047A2Y --out engraving/

    Exit code 0: printed. 2: an option or a code is wrong; nothing is printed then.
    """
    from stream.labels import printing  # noqa: PLC0415 - only who draws loads what it takes
    from stream.labels.faces import label_face  # noqa: PLC0415 - as above

    settings = load(label_host=host)
    wanted = _wanted(labels, asset_type, serials, serials_file, first, count)
    sheet = printing.sheet_of(paper, label, grid, margin, gap, marks=marks)
    where = codes.checked_host(settings.label_host)
    facts = printing.print_all(
        [(one, link(one, where)) for one in wanted],
        lambda one: label_face(one, where, sheet.place, dots),
        sheet,
        out,
        (manifest, again),
        "labels",
    )
    printing.tell(facts | {"host": where}, "label", as_json=as_json)
    if where.endswith(".example"):
        warn(f"these labels lead to {where}, which no phone finds; set label_host or give --host")


@labels_app.command("check")
def labels_check(
    given: Annotated[list[str], typer.Argument(metavar="CODE", help="a link or a bare code; several may be given")],
    as_json: AsJson = False,
) -> None:
    """What a code is, and what is wrong with it.

    A label is 0, 12 digits (company prefix and cylinder model), their check digit, and a serial of 2 to 16 characters
    whose last is its check character. A legacy code is good as far as can be seen; whether it was ever bound
    `pingliu trace CODE` tells.

    \b
    pingliu labels check 0690123456789200047A2Y
    pingliu labels check --json https://id.example.org/8003/0690123456789200047A2Z

    Exit code 0: every code is good. 1: one is not. 2: an option is wrong.
    """
    our_host = load().label_host
    reports = [explain(one.strip(), our_host) for one in given]
    for report in reports:
        if as_json:
            typer.echo(orjson.dumps({"code": report.code, "good": report.good} | _shown(report)))
        else:
            _say(report)
    if not all(report.good for report in reports):
        raise typer.Exit(BAD_CODE)


@cards_app.command("print")
def cards_print(
    ids: Annotated[str | None, typer.Option(metavar="LIST", help="customer ids, such as C001,C002")] = None,
    customers: Annotated[
        Path | None, typer.Option(metavar="FILE.jsonl", help="a registry file: its customers whose rows have not ended")
    ] = None,
    paper: Paper = "a4",
    grid: Grid = None,
    margin: Margin = None,
    gap: Gap = "0x0",
    marks: Marks = True,
    dots: Dots = 8,
    out: Out = Path("cards.pdf"),
    manifest: Manifest = None,
    again: Again = False,
    as_json: AsJson = False,
) -> None:
    """User cards of 85.6 x 53.98 mm (a bank card's size), ten on an A4 sheet; the QR code holds the bare customer id.

    Nothing else of a person is printed: no name, no address, no identity number or its token.

    \b
    pingliu cards print --customers registry.jsonl --out cards.pdf --manifest cards.csv
    pingliu cards print --ids C001,C002 --paper roll --dots 12

    Exit code 0: printed. 2: an option, the file or an id is wrong; nothing is printed then.
    """
    from stream.labels import printing  # noqa: PLC0415 - as above
    from stream.labels.faces import ID_1, card_face  # noqa: PLC0415 - as above

    if (ids is None) == (customers is None):
        raise LabelError("give either --ids C001,C002 or --customers FILE.jsonl")
    wanted = codes.checked_ids(
        _customers_in(customers) if customers else [one.strip() for one in (ids or "").split(",") if one.strip()],
        "--customers" if customers else "--ids",
    )
    sheet = printing.sheet_of(paper, f"{ID_1}", grid, margin, gap, marks=marks)
    facts = printing.print_all(
        [(one, one) for one in wanted], lambda one: card_face(one, dots), sheet, out, (manifest, again), "cards"
    )
    printing.tell(facts, "card", as_json=as_json)


def _wanted(
    labels: list[str] | None,
    asset_type: str | None,
    serials: str | None,
    serials_file: Path | None,
    first: str | None,
    count: int | None,
) -> list[str]:
    ways = [bool(labels), serials is not None, serials_file is not None, first is not None or count is not None]
    if sum(ways) != 1 or (first is None) != (count is None):
        raise LabelError(
            "say what to print in one way: --serials, --serials-file, --from with --count, or whole labels"
        )
    if labels:
        return codes.whole(labels)
    if asset_type is None:
        raise LabelError("--type is missing: the 12 digits of company prefix and cylinder model")
    of_type = codes.checked_type(asset_type)
    if serials is not None:
        bodies = codes.listed(serials)
    elif serials_file is not None:
        bodies = codes.in_file(serials_file)
    else:
        bodies = codes.counted(first or "", count or 0)
    return [make(of_type, body) for body in bodies]


def _customers_in(file: Path) -> list[str]:
    """The ids of customers that have a row which has not ended."""
    today = datetime.now(SHANGHAI).date()
    rows = (row for row in read_registry(file) if isinstance(row, Customer))
    return list(dict.fromkeys(row.id for row in rows if row.valid_to is None or row.valid_to >= today))


def _say(report: Report) -> None:
    style = "green" if report.good else "red"
    told = {"label": "a label", "legacy": "a legacy code", "neither": "no code of ours"}[report.kind]
    say(f"{report.given}: {'good' if report.good else 'BAD'}, {told}", style)
    for finding in report.findings:
        say(f"  {'ok ' if finding.good else 'BAD'}  {finding.what}: {finding.says}", None if finding.good else "red")
    for note in report.notes:
        say(f"  note: {note}")
    for maybe in report.maybe:
        say(f"  was it {maybe}?")


def _shown(report: Report) -> dict[str, Any]:
    return {
        "given": report.given,
        "kind": report.kind,
        "findings": report.findings,
        "notes": report.notes,
        "maybe": report.maybe,
    }
