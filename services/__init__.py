"""The services, and the commands of operators.

PyMongo 4 looks for PyOpenSSL and service_identity when it is imported. No lock of ours has them. On the way there it
loads `cryptography`, which takes 8 MB of every process. So the module that looks is not to be found. Drop this when
PyMongo looks for the two first.
"""

import sys

sys.modules["pymongo.pyopenssl_context"] = None  # type: ignore[assignment]  # Python's own way to say: not here
