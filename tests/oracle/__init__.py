"""A slow judge of scans, written from the texts alone, to hold the engine against.

It imports nothing of the product. Every answer is worked out anew from all scans that came before: nothing is carried on but
the scans themselves, so that it cannot share a mistake of bookkeeping with the engine.

`admission` says which scans are refused, `past` what a history amounts to, `case` what a rule may look at, `rules` (of the
cylinder, of the trade) what is a violation, `alerts` who is told, `oracle` puts them together. `city`, `data`, `habits`,
`malformed` and `histories` make up histories; `compare` tells two answers apart.
"""

from .oracle import Oracle

__all__ = ["Oracle"]
