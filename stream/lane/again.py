"""From where a log is judged whose state goes less far than what was acknowledged.

State is written before anything is acknowledged, so that this comes of one thing: the changelog lost its end (a disk, an
election of a broker that had not all of it). What the state lacks is still in the log of scans: it is judged again and told
again, to the letter but for `judged_at`, which all who hear recognise.
"""

import logging

_log = logging.getLogger(__name__)


class StateLostError(Exception):
    """Scans are neither in the state nor in the log any more; the message says which, and what can be done."""


def again_from(log: str, upto: int, committed: int, earliest: int) -> int:
    """The offset to judge from: the state goes up to `upto`, the log begins at `earliest`. Raises StateLostError.

    Where the group was set back to the beginning of the log, that is somebody's decision: it is judged from there.
    """
    if earliest > upto + 1:
        if committed > earliest:
            raise StateLostError(
                f"{log}: the changelog lost its end: state goes up to {upto}, and the log begins at {earliest}. Restore the"
                " changelog, or set the group's offset to the beginning of the log to go on without the scans between"
            )
        _log.warning("%s: judging goes on at %d, where it was set; the state goes up to %d", log, committed, upto)
        return committed
    _log.warning(
        "%s: the changelog lost its end: state goes up to %d, %d was acknowledged; judging again from %d",
        log, upto, committed, upto + 1,
    )  # fmt: skip
    return upto + 1
