"""What one message may cost, so that mapping always ends, in bounded time and memory.

JMESPath has no loops and no recursion, so an expression ends by itself. These bound how much it has to go through.
"""

from typing import Final

MAX_DEPTH: Final = 64
"""Levels of lists and objects; the deepest known message, a Genesys conversation, has 9."""
MAX_NUMBER_CHARACTERS: Final = 100
"""Of one number: more than any known message has, and few enough for every step of Python with it."""
MAX_CONTACTS: Final = 500
"""Contacts in one message; Twilio sends at most some tens of events together."""
MAX_EVENTS_BYTES: Final = 4 * 1024 * 1024
"""Of all events of one message: as much as one transaction of the mapper holds."""
MAX_ITEMS: Final = 200
"""Items that one `voor_elk` goes through. A contact has at most 50 of anything."""
MAX_VISITS: Final = 200_000
"""Steps of the interpreter for one message: some 0.2 s of CPU. A Genesys conversation takes some 300."""
MAX_VALUES: Final = 5_000
"""Values that are asked for, for one contact. An expression that is only a path costs no steps."""
MAX_CHARACTERS: Final = 256 * 1024
"""Characters of all values of one contact together. An event has at most 64 KiB."""
MAX_COPIES: Final = 64
"""How often one expression may repeat what it selects: `[@, @]` does so twice, and two of those four times."""
MAX_NODES: Final = 300
"""Parts of one expression."""
