"""A bounded cache shared between threads."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any


class Cache:
    """Keeps the values used last. A value that several threads ask for at once is made once."""

    def __init__(self, size: int) -> None:
        assert size > 0
        self._size = size
        self._lock = Lock()
        self._values: OrderedDict[Hashable, Any] = OrderedDict()
        self._making: dict[Hashable, Lock] = {}

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """The value of a key, made where it is not kept."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
            making = self._making.setdefault(key, Lock())
        with making:
            with self._lock:
                if key in self._values:
                    return self._values[key]
            try:
                value = make()
                with self._lock:
                    self._values[key] = value
                    self._bound()
                return value
            finally:
                with self._lock:
                    self._making.pop(key, None)

    def take(self, key: Hashable) -> Any:
        """The value of a key, which is kept no longer; None where it is not kept."""
        with self._lock:
            return self._values.pop(key, None)

    def put(self, key: Hashable, value: Any) -> None:
        """Keep a value, as the one used last."""
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            self._bound()

    def _bound(self) -> None:
        while len(self._values) > self._size:
            self._values.popitem(last=False)

    def clear(self) -> None:
        """Forget all values."""
        with self._lock:
            self._values.clear()

    def __len__(self) -> int:
        return len(self._values)
