package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.claude.EventStream.Next;
import ccproxy.http.Eventually;
import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// One turn at a time: who waits, who is stopped, who gives the place back.
@Timeout(20)
class SessionTurnTest extends Sessions {
    @Test
    void secondTurnWaitsForTheFirst() throws Exception {
        EventStream first = begun(claude, turn("s", "one"));
        EventStream second = claude.ask(turn("s", "two"));
        assertInstanceOf(Next.Queued.class, second.next(LOOK));
        assertFalse(second.isReady());
        assertEquals(Map.of(), second.headers());
        inner.last().tellAll("first");
        Answers.all(first);
        assertInstanceOf(Next.Quiet.class, second.next(LOOK));
        assertEquals(List.of("user:one", "assistant:first", "user:two"), asked());
        assertEquals(List.of("stub"), second.headers().get("request-id"));
        second.close();
        assertTrue(isIdle("s"));
    }

    @Test
    void secondTurnThatWaitsTooLongIsAConflict() throws Exception {
        EventStream first = begun(claude, turn("s", "one"));
        try (EventStream second = claude.ask(turn("s", "two"))) {
            var e =
                    assertThrows(
                            ApiException.class,
                            () -> {
                                while (second.next(LOOK) instanceof Next.Queued) {}
                            });
            assertEquals(ErrorKind.CONFLICT, e.kind());
            assertEquals(List.of("1"), e.headers().get("retry-after"));
        }
        assertEquals(1, inner.turns.size());
        assertFalse(isIdle("s"));
        first.close();
        assertTrue(isIdle("s"));
    }

    @Test
    void interruptStopsTheTurnAndKeepsTheSession() throws Exception {
        EventStream stream = begun(claude, turn("s", "one"));
        inner.last().tellFirstWords("first words");
        for (int i = 0; i < 3; i++) Answers.event(stream);
        assertTrue(claude.interruptSession("s", ClientHeaders.NONE).getFirst().isBusy());
        assertTrue(inner.last().isClosed);
        var e = assertThrows(ApiException.class, () -> stream.next(LOOK));
        assertEquals(ErrorKind.CONFLICT, e.kind());
        assertEquals(List.of("false"), e.headers().get("x-should-retry"));
        assertTrue(isIdle("s"));
        said("s", "two", "x");
        assertEquals(List.of("user:one", "assistant:first words", "user:two"), asked());
        assertFalse(claude.interruptSession("s", ClientHeaders.NONE).getFirst().isBusy());
        assertEquals(List.of(), claude.interruptSession("unknown", ClientHeaders.NONE));
    }

    @Test
    void interruptWakesTheReader() throws Exception {
        EventStream stream = begun(claude, turn("s", "one"));
        var reader =
                new FutureTask<>(
                        () -> assertThrows(ApiException.class, () -> stream.next(Answers.WAIT)));
        Thread.ofVirtual().start(reader);
        claude.interruptSession("s", ClientHeaders.NONE);
        assertEquals("the turn was interrupted", reader.get(3, TimeUnit.SECONDS).getMessage());
    }

    /// Lets another thread do something in the moment in which a turn is asked, until it is done or
    /// waits for that turn.
    private void whileAsked(Runnable what) {
        inner.whileAsked =
                () -> {
                    inner.whileAsked = () -> {};
                    Thread other = Thread.ofPlatform().start(what);
                    Eventually.isTrue(
                            "done or waiting",
                            () -> !other.isAlive() || other.getState() == Thread.State.BLOCKED);
                };
    }

    @Test
    void turnIsInterruptedInTheMomentInWhichItIsAsked() throws Exception {
        whileAsked(() -> claude.interruptSession("s", ClientHeaders.NONE));
        assertInterrupted(claude.ask(turn("s", "one")));
        said("s", "two", "x");
    }

    @Test
    void turnEndsWithASessionThatIsDeletedInTheMomentInWhichItIsAsked() throws Exception {
        whileAsked(() -> claude.closeSession("s", ClientHeaders.NONE));
        assertInterrupted(claude.ask(turn("s", "one")));
        assertEquals(List.of(), claude.sessions(ClientHeaders.NONE));
        said("s", "two", "x");
        assertEquals(List.of("user:two"), asked());
    }

    private static void assertInterrupted(EventStream stream) {
        var e = assertThrows(ApiException.class, () -> nextTwice(stream));
        assertEquals("the turn was interrupted", e.getMessage());
    }

    /// Who stops the turn may come before or after the first look.
    private static void nextTwice(EventStream stream) throws InterruptedException {
        stream.next(Answers.WAIT);
        stream.next(Answers.WAIT);
    }

    @Test
    void closedStreamIsNeverAsked() throws Exception {
        EventStream stream = claude.ask(turn("s", "one"));
        stream.close();
        assertThrows(ApiException.class, () -> stream.next(LOOK));
        assertEquals(List.of(), inner.turns);
        assertTrue(isIdle("s"));
    }

    @Test
    void closeWhileQueuedGivesThePlaceBack() throws Exception {
        EventStream first = begun(claude, turn("s", "one"));
        EventStream second = claude.ask(turn("s", "two"));
        second.next(LOOK);
        second.close();
        assertThrows(ApiException.class, () -> second.next(LOOK));
        first.close();
        said("s", "three", "x");
    }

    @Test
    void backendThatRefusesATurnLeavesTheSessionFree() throws Exception {
        var echo =
                new SessionClaude(
                        new EchoClaude(new ModelCatalog(ModelMapping.NONE)),
                        Answers.settings("http://unused"),
                        false,
                        shelf(new SessionTable(clock)));
        EventStream refused = echo.ask(turn("s", "/echo {\"unknown\":1}"));
        assertThrows(ApiException.class, () -> refused.next(LOOK));
        refused.close();
        assertFalse(echo.sessions(ClientHeaders.NONE).getFirst().isBusy());
        assertEquals("hi", Answers.text(echo.ask(turn("s", "hi"))));
    }

    @Test
    void deletedSessionEndsItsTurns() throws Exception {
        EventStream first = begun(claude, turn("s", "one"));
        EventStream second = claude.ask(turn("s", "two"));
        second.next(LOOK);
        inner.last().tellFirstWords("gone");
        for (int i = 0; i < 3; i++) Answers.event(first);
        assertTrue(claude.closeSession("s", ClientHeaders.NONE));
        assertFalse(claude.closeSession("s", ClientHeaders.NONE));
        assertThrows(ApiException.class, () -> first.next(LOOK));
        assertThrows(ApiException.class, () -> second.next(LOOK));
        said("s", "new", "x");
        assertEquals(List.of("user:new"), asked());
    }

    @Test
    void manyTurnsAtOnceAreOneAfterTheOther() throws Exception {
        var echo =
                new SessionClaude(
                        new EchoClaude(new ModelCatalog(ModelMapping.NONE)),
                        Answers.settings(Duration.ofSeconds(10)),
                        false,
                        shelf(new SessionTable(clock)));
        var done = new CountDownLatch(20);
        for (int i = 0; i < 20; i++) {
            int number = i;
            Thread.ofVirtual()
                    .start(() -> {
                        try {
                            Answers.all(echo.ask(turn("s", "turn " + number)));
                            done.countDown();
                        } catch (InterruptedException _) {
                            Thread.currentThread().interrupt();
                        }
                    });
        }
        RawUpstream.await(done);
        assertEquals(40, echo.sessions(ClientHeaders.NONE).getFirst().messages());
    }
}
