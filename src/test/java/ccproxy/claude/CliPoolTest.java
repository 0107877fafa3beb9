package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.claude.EventStream.Next;
import ccproxy.http.Eventually;
import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Who gets which process.
@Timeout(60)
class CliPoolTest extends Clis {
    private static final CliRequest.Kind KIND = new CliRequest.Kind("", "", "", "");

    private void openWithBusyWait(int processesMax, long millis) {
        fake = new FakeCli(folder);
        open(
                fake.claude(0, processesMax, Duration.ofMillis(millis), Duration.ofSeconds(20)),
                Clock.systemUTC());
    }

    @Test
    void neverMoreThanProcessesMaxAndNobodyHearsAnother() throws Exception {
        open(1, 3);
        pool.warmUp();
        var isDone = new AtomicBoolean();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<Integer> most =
                    threads.submit(() -> {
                        int seen = 0;
                        while (!isDone.get()) {
                            seen = Math.max(seen, pool.pids().size());
                            java.util.concurrent.locks.LockSupport.parkNanos(500_000);
                        }
                        return seen;
                    });
            var answers = new ArrayList<Future<String>>();
            for (int i = 0; i < 30; i++) {
                int number = i;
                answers.add(
                        threads.submit(() -> {
                            String system = "system " + number % 4;
                            String steps = "start;texts 5 n" + number + ".;delay 5;stop";
                            return Answers.text(ask(request(system, "play[" + steps + "]")));
                        }));
            }
            try {
                for (int i = 0; i < answers.size(); i++)
                    assertEquals(("n" + i + ".").repeat(5), answers.get(i).get());
            } finally {
                isDone.set(true);
            }
            assertTrue(most.get() <= 3, most.get() + " processes");
        }
    }

    @Test
    void whoWaitsComesInTurn() throws Exception {
        open(0, 1);
        CliStream first = begun("", "start;hang");
        var waiting = new ArrayList<CliStream>();
        for (int i = 0; i < 4; i++) {
            waiting.add(ask("play[say " + i + "]"));
            isQueued(waiting.get(i));
        }
        // One that leaves the line does not stop it.
        waiting.remove(1).close();
        first.close();
        for (CliStream next : waiting) {
            for (CliStream later : waiting.subList(waiting.indexOf(next) + 1, waiting.size()))
                isQueued(later);
            Answers.all(next);
        }
        List<String> settings =
                fake.received(onlyPid()).stream().filter(l -> l.contains("play[say")).toList();
        assertEquals(3, settings.size());
        for (int i = 0; i < 3; i++)
            assertTrue(settings.get(i).contains("play[say " + List.of(0, 2, 3).get(i)));
    }

    @Test
    void asManyAsWaitingMaxMayWait() {
        open(0, 1);
        CompletableFuture<Void> busy = pool.queue();
        assertTrue(busy.isDone());
        var places = new ArrayList<CompletableFuture<Void>>();
        for (int i = 0; i < CliPlaces.WAITING_MAX; i++) places.add(pool.queue());
        assertFull(assertThrows(ApiException.class, pool::queue));
        pool.leave(places.getLast());
        places.set(CliPlaces.WAITING_MAX - 1, pool.queue());
        assertFull(assertThrows(ApiException.class, pool::queue));
        pool.leave(busy);
        assertTrue(places.getFirst().isDone());
        assertEquals(1, places.stream().filter(CompletableFuture::isDone).count());
    }

    /// Whoever ended it, and whoever starts another.
    @Test
    void processThatEndsCountsUntilItIsGone() throws Exception {
        // Deaf to the end of its input, each takes its time to end.
        open(0, 2, "stay");
        for (String conversation : List.of("a", "b")) {
            assertTrue(pool.queue().isDone());
            pool.giveBack(pool.acquire(holding(conversation)), true);
        }
        assertEquals(2, alive());
        long most = 0;
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var starting = new ArrayList<Future<CliPool.Lease>>();
            for (String conversation : List.of("c", "d")) {
                assertTrue(pool.queue().isDone());
                starting.add(threads.submit(() -> pool.acquire(holding(conversation))));
            }
            while (!starting.stream().allMatch(Future::isDone)) most = Math.max(most, alive());
            for (Future<CliPool.Lease> lease : starting) pool.giveBack(lease.get(), true);
        }
        pool.endConversation("c");
        assertTrue(pool.queue().isDone());
        pool.giveBack(pool.acquire(holding("e")), false);
        most = Math.max(most, alive());
        assertTrue(pool.queue().isDone());
        pool.giveBack(pool.acquire(holding("f")), true);
        assertEquals(2, Math.max(most, alive()));
    }

    private static CliRequest.Kind holding(String conversation) {
        return new CliRequest.Kind("", "", "", conversation);
    }

    private long alive() {
        return ProcessHandle.current()
                .children()
                .filter(child -> child.info().commandLine().orElse("").contains("stream-json"))
                .count();
    }

    private static void assertFull(ApiException failure) {
        assertEquals(ErrorKind.UNAVAILABLE, failure.kind());
        assertEquals(503, failure.messagesStatus());
        assertEquals(List.of("1"), failure.headers().get("retry-after"));
    }

    @Test
    void whoWaitedForBusyWaitIsToldSo() throws Exception {
        openWithBusyWait(1, 150);
        CliStream first = begun("", "start;hang");
        CliStream second = ask("hi");
        long begun = System.nanoTime();
        assertFull(Answers.failure(second));
        assertTrue(System.nanoTime() - begun >= 150_000_000L, "too early");
        second.close();
        first.close();
        assertEquals("fine", said("say fine"));
    }

    @Test
    void interruptedWhileItWaitsIsToldSo() throws Exception {
        open(0, 1);
        CliStream first = begun("", "start;hang");
        CliStream second = ask("hi");
        isQueued(second);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<ApiException> reader =
                    threads.submit(() ->
                            assertThrows(
                                    ApiException.class,
                                    () -> {
                                        while (second.next(Answers.WAIT) != null) {}
                                    }));
            second.close();
            assertEquals(ErrorKind.INCOMPLETE, reader.get().kind());
        }
        first.close();
    }

    @Test
    void sameSystemTextIsAnsweredByTheSameProcess() throws Exception {
        open(0, 2);
        for (int i = 0; i < 3; i++) {
            assertEquals("a" + i, Answers.text(ask(request("one", "play[say a" + i + "]"))));
            cleared(onlyPid(), i + 1);
        }
        assertEquals(2, count("warm_hits"));
        assertEquals(1, count("processes_started"));
        assertEquals(1, fake.told(onlyPid()).stream().filter("initialize"::equals).count());
    }

    @Test
    void idleOneOfAnotherKindIsEndedForANewOne() throws Exception {
        open(0, 2);
        for (String system : List.of("one", "two"))
            assertEquals("x", Answers.text(ask(request(system, "play[say x]"))));
        List<Long> before = fake.pids();
        assertEquals(2, before.size());
        for (long pid : before) cleared(pid, 1);
        Eventually.isTrue("both are idle", () -> pool.pids().size() == 2);
        long one = pidOf("one");
        long two = pidOf("two");
        assertEquals("y", Answers.text(ask(request("three", "play[say y]"))));
        gone(one);
        assertTrue(pool.pids().contains(two), "the one used last is kept");
        assertEquals("z", Answers.text(ask(request("two", "play[say z]"))));
        assertEquals(3, fake.pids().size());
    }

    private long pidOf(String system) {
        return fake.pids().stream()
                .filter(pid -> fake.received(pid).toString().contains("\"" + system + "\""))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void nothingOfARequestReachesTheNextOne() throws Exception {
        open(0, 1);
        var first = request("sys", "play[say first]");
        Answers.all(
                ask(
                        first.with(
                                "temperature",
                                tools.jackson.databind.node.DoubleNode.valueOf(0.5))));
        Answers.all(ask(request("sys", "play[say second]")));
        long pid = onlyPid();
        cleared(pid, 2);
        var lines = fake.read(pid);
        assertEquals(
                List.of(
                        "initialize",
                        "apply_flag_settings",
                        ".",
                        "blank",
                        "/clear",
                        "apply_flag_settings",
                        ".",
                        "blank",
                        "/clear"),
                fake.told(pid));
        var named = lines.get(1).path("request").path("settings");
        var blank = lines.get(3).path("request").path("settings");
        var second = lines.get(5).path("request").path("settings");
        // Each value that a request sets is taken back, and set again by the next one.
        assertEquals(named.propertyNames(), blank.propertyNames());
        assertEquals(named.path("env").propertyNames(), blank.path("env").propertyNames());
        assertEquals(named.path("env").propertyNames(), second.path("env").propertyNames());
        assertTrue(blank.path("model").isNull());
        assertTrue(named.toString().contains("0.5") && named.toString().contains("say first"));
        assertTrue(!second.toString().contains("0.5") && !second.toString().contains("first"));
    }

    @ParameterizedTest
    @CsvSource({"clear-cost 0.1", "clear error", "clear exit", "blank error no", "blank exit now"})
    void processThatIsNotClearedIsThrownAway(String option) throws Exception {
        open(0, 1, option);
        assertEquals("a", said("say a"));
        assertEquals("b", said("say b"));
        List<Long> pids = fake.pids();
        assertEquals(2, pids.size());
        for (long pid : pids) gone(pid);
        assertEquals(0, count("warm_hits"));
    }

    @Test
    void warmProcessIsUsedFirst() throws Exception {
        open(1, 4);
        assertEquals(List.of(), pool.pids());
        pool.warmUp();
        Eventually.isTrue("one is warm", () -> pool.pids().size() == 1);
        long warm = pool.pids().getFirst();
        assertEquals("x", said("say x"));
        assertTrue(fake.told(warm).contains("."));
        assertEquals(1, count("warm_hits"));
        Eventually.isTrue("another one is warm", () -> pool.pids().size() == 2);
    }

    @Test
    void warmProcessThatEndedIsNotUsed() throws Exception {
        open(1, 4);
        pool.warmUp();
        Eventually.isTrue("one is warm", () -> pool.pids().size() == 1);
        long warm = pool.pids().getFirst();
        ProcessHandle.of(warm).orElseThrow().destroyForcibly();
        gone(warm);
        Eventually.isTrue("noticed", () -> !pool.pids().contains(warm));
        assertEquals("x", said("say x"));
    }

    @Test
    void warmOneDoesNotMakeOneTooMany() throws Exception {
        // Both ask for the version, and wait for it, before either starts a process.
        open(1, 1, "version-delay 400");
        pool.warmUp();
        Eventually.isTrue("asked", () -> fake.count("argument --version") == 1);
        assertEquals("x", said("say x"));
        assertTrue(pool.pids().size() <= 1, pool.pids().toString());
        assertEquals("y", Answers.text(ask(request("other", "play[say y]"))));
        assertTrue(pool.pids().size() <= 1, pool.pids().toString());
    }

    @Test
    void idleOneEndsAfterAWhileAndNotBefore() throws Exception {
        fake = new FakeCli(folder);
        var clock = new Sessions.Hands();
        open(fake.claude(0, 2), clock);
        assertEquals("x", said("say x"));
        long pid = onlyPid();
        cleared(pid, 1);
        assertEquals("y", said("say y"));
        cleared(pid, 2);
        CliStream other = begun("other", "start;hang");
        for (int i = 0; i < 2; i++) {
            clock.now = clock.now.plus(ReadyProcesses.IDLE_KEPT.dividedBy(2));
            pool.warmUp();
        }
        assertEquals("z", said("say z"));
        assertTrue(pool.pids().contains(pid), "as old as the limit");
        cleared(pid, 3);
        Eventually.isTrue(
                "swept",
                () -> {
                    // Each time: it may come back from its clearing only now.
                    clock.now = clock.now.plus(ReadyProcesses.IDLE_KEPT).plusMillis(1);
                    pool.warmUp();
                    return !pool.pids().contains(pid);
                });
        gone(pid);
        // A busy one has all the time it wants.
        assertEquals(1, pool.pids().size());
        other.close();
    }

    @Test
    void failureToStartGivesThePlaceBackOnce() throws Exception {
        open(0, 1);
        fake.program("exit 1");
        for (int i = 0; i < 3; i++) {
            CliStream stream = ask("hi");
            ApiException failure = Answers.failure(stream);
            assertEquals(ErrorKind.UNAVAILABLE, failure.kind());
            stream.close();
        }
        // Still one place, and no more than one.
        CompletableFuture<Void> first = pool.queue();
        CompletableFuture<Void> second = pool.queue();
        assertTrue(first.isDone());
        assertTrue(!second.isDone(), "a place that is not there");
        pool.leave(second);
        pool.leave(first);
    }

    @Test
    void closeLeavesNoProcessWhateverItDoes() throws Exception {
        open(1, 5);
        pool.warmUp();
        assertEquals("x", said("say x"));
        CliStream talking = begun("a", "start;hang");
        CliStream withChild = begun("b", "start;text a;child;hang");
        Eventually.isTrue("child", () -> fake.children().size() == 1);
        fake.options("interrupt ignore", "stay");
        CliStream deaf = begun("c", "start;hang");
        Eventually.isTrue("some run", () -> pool.pids().size() >= 4);
        List<Long> pids = fake.pids();
        long begun = System.nanoTime();
        pool.close();
        Eventually.assertSoon(begun);
        for (long pid : pids) assertTrue(!FakeCli.isAlive(pid), "left: " + pid);
        assertTrue(!FakeCli.isAlive(fake.children().getFirst()), "a child is left");
        for (CliStream stream : List.of(talking, withChild, deaf))
            assertNotEquals(null, Answers.failure(stream));
        pool.close();
    }

    @Test
    void childOfAnIdleProcessEndsWithThePool() throws Exception {
        open(0, 1);
        assertEquals("x", said("child;say x"));
        idle();
        long child = fake.children().getFirst();
        assertTrue(FakeCli.isAlive(child));
        pool.close();
        assertTrue(!FakeCli.isAlive(child), "a child is left");
    }

    @Test
    void closedPoolStartsNothing() throws Exception {
        open(0, 2);
        pool.close();
        CliStream late = ask("hi");
        assertEquals(ErrorKind.UNAVAILABLE, Answers.failure(late).kind());
        late.close();
        assertEquals(List.of(), pool.pids());
    }

    @Test
    void oneThatWasGivenBackUnaskedIsUsedAgain() throws Exception {
        open(0, 1);
        assertInstanceOf(CompletableFuture.class, pool.queue());
        CliPool.Lease lease = pool.acquire(KIND);
        lease.process().control().ask(CliRequest.initialize(KIND), Answers.WAIT);
        pool.giveBack(lease, true);
        assertEquals("x", said("say x"));
        assertEquals(List.of(lease.process().pid()), fake.pids());
    }

    @Test
    void nextIsQueuedOnlyBeforeAProcessIsFree() throws Exception {
        open(0, 1);
        CliStream first = begun("", "start;hang");
        CliStream second = ask("play[start;hang]");
        isQueued(second);
        first.close();
        Answers.event(second);
        Answers.event(second);
        assertInstanceOf(Next.Quiet.class, second.next(LOOK));
        second.close();
    }
}
