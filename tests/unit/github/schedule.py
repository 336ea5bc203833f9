"""Several writers at once, in an order that a seed decides: threads of which one runs at a time, and virtual time.

A request takes effect some time after it is sent and is answered some time after that. Both may be slow, answers may
get lost, and requests may fail before or after they took effect.
"""

from __future__ import annotations

import heapq
import itertools
import random
import threading
from collections.abc import Callable

from tests.github_model import TOKEN, GitHub, reply

from quantci.github.client.transport import REQUEST_S, Answer, Unanswered


class World:
    """Time, and the writers that live in it."""

    def __init__(self, github: GitHub, seed: int, *, faults: bool) -> None:
        self.github = github
        self.random = random.Random(seed)
        self.faults = faults
        self.now_s = 0.0
        self.errors: list[BaseException] = []
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._count = itertools.count()
        self._idle = threading.Semaphore(0)

    def at(self, time_s: float, event: Callable[[], None]) -> None:
        """Let something happen at a time."""
        heapq.heappush(self._events, (time_s, next(self._count), event))

    def start(self, time_s: float, work: Callable[[Writer], None]) -> None:
        """Let a writer begin at a time."""
        writer = Writer(self)

        def live() -> None:
            writer.wake.acquire()
            try:
                work(writer)
            except BaseException as error:  # noqa: BLE001  told by `run`
                self.errors.append(error)
            finally:
                self._idle.release()

        threading.Thread(target=live, daemon=True).start()
        self.at(time_s, lambda: self.resume(writer))

    def resume(self, writer: Writer) -> None:
        """Let a writer go on until it waits again or is done."""
        writer.wake.release()
        self._idle.acquire()

    def park(self, writer: Writer) -> None:
        """Called by a writer: wait until somebody resumes it."""
        self._idle.release()
        writer.wake.acquire()

    def run(self) -> None:
        """Let everything happen."""
        while self._events:
            self.now_s, _, event = heapq.heappop(self._events)
            event()
        if self.errors:
            raise self.errors[0]

    def delay_s(self) -> float:
        """How long a request is on its way: mostly short, now and then long."""
        chance = self.random.random()
        if chance < 0.7:
            return self.random.uniform(0.02, 0.3)
        return self.random.uniform(0.3, 3.0) if chance < 0.87 else self.random.uniform(3.0, REQUEST_S - 0.01)


class Writer:
    """A writer's clock and transport."""

    def __init__(self, world: World) -> None:
        self.wake = threading.Semaphore(0)
        self._world = world

    def monotonic_s(self) -> float:
        return self._world.now_s

    def epoch_s(self) -> float:
        return 1_790_000_000.0 + self._world.now_s

    def sleep(self, duration_s: float) -> None:
        self._world.at(self._world.now_s + duration_s, lambda: self._world.resume(self))
        self._world.park(self)

    def send(self, method: str, url: str, payload: bytes | None, timeout_s: float) -> Answer:
        world = self._world
        sent_s = world.now_s
        effect_s = sent_s + world.delay_s()
        answer_s = effect_s + world.delay_s()
        fate = world.random.random() if world.faults else 1.0
        answers: list[Answer] = []

        def take_effect() -> None:
            if fate < 0.02:
                answers.append(Answer(*reply(502, {"message": "Server Error"})))
                return
            if fate < 0.03:
                answers.append(Answer(*reply(429, {"message": "slow down"}, retry_after="3")))
                return
            done = Answer(*world.github.handle(method, url, {"authorization": f"Bearer {TOKEN}"}, payload))
            answers.append(Answer(*reply(502, {"message": "Server Error"})) if fate < 0.05 else done)

        if fate > 0.08:
            world.at(effect_s, take_effect)
        elif fate > 0.05:  # the answer is lost, and maybe the request too
            answer_s = sent_s + timeout_s + 1.0
            if fate > 0.06:
                world.at(effect_s, take_effect)
        else:
            world.at(effect_s, take_effect)
        world.at(min(answer_s, sent_s + timeout_s), lambda: world.resume(self))
        world.park(self)
        if answer_s > sent_s + timeout_s:
            raise Unanswered("no answer in time")
        return answers[0]
