"""A slow judge of scans, written from the texts alone, to hold the engine against.

It imports nothing of the product. Every answer is worked out anew from all scans that came before: nothing is carried on but
the scans themselves and what was last found of each, so that it cannot share a mistake of bookkeeping with the engine. What
is kept besides follows from them: when something falls due, and what was told.

`admission` says which scans are refused, `archive` and `past` what a history amounts to, `window` how far back it may still
change, `late` what counts beyond that, `case` what a rule may look at, `rules` (of the cylinder, of the trade) what is a
violation, `second_key` what holds of a customer or vehicle, `timers` what runs out, `waiting` when it is told, `verdicts` and
`alerts` what is told to whom. `judging` does what an arrival does: `given` are the verdicts, `standing` and `watch` the
alerts of scans and of timers, as they now stand. `oracle` reads lines and answers.

`histories` makes up histories, of a `city` at a `pace`: `scenes` of `cylinders` by `habits`, `aims` at the edges, `data`,
`malformed` lines; out of order by `uploads`, `disorder` and `second_thoughts`, without asking `open_questions`. `compare` and
`compare_alerts` tell two answers apart.
"""

from .oracle import Oracle

__all__ = ["Oracle"]
