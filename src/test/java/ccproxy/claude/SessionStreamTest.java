package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import java.time.Clock;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Whatever happens to a turn, in whatever order and from whatever thread, its session is idle in
/// the end and takes the next one.
@Timeout(30)
class SessionStreamTest {
    private static final Duration NOW = Duration.ZERO;

    private final StubClaude inner = new StubClaude();
    private final SessionClaude claude =
            new SessionClaude(
                    inner,
                    Answers.settings("http://unused"),
                    false,
                    Sessions.shelf(new SessionTable(Clock.systemUTC())));

    private EventStream ask() {
        return claude.ask(new Turn(Answers.streamed("hi"), "s", ClientHeaders.NONE, false));
    }

    private void assertUsable() throws InterruptedException {
        claude.sessions(ClientHeaders.NONE).forEach(s -> assertFalse(s.isBusy(), "a turn is left"));
        EventStream next = ask();
        next.next(NOW);
        inner.last().tellAll("after");
        assertEquals("after", Answers.text(next));
    }

    /// One thing that may happen; a stream that failed or ended is closed, as its reader does.
    private void step(EventStream stream, int what) throws InterruptedException {
        StubClaude.Answer answer = inner.answers.isEmpty() ? new StubClaude.Answer() : inner.last();
        try {
            switch (what) {
                case 0 -> answer.tellFirstWords("some");
                case 1 -> answer.tellAll("all");
                case 2 -> answer.fail(new ApiException(ErrorKind.OVERLOADED, "full"));
                case 3 -> answer.fail(new IllegalStateException("a mistake of ours"));
                case 4 -> claude.interruptSession("s", ClientHeaders.NONE);
                case 5 -> stream.close();
                case 6 -> answer.end();
                case 7 -> claude.closeSession("s", ClientHeaders.NONE);
                default -> stream.next(NOW);
            }
        } catch (ApiException | IllegalStateException _) {
            stream.close();
        }
    }

    @Test
    void anyOrderOfEventsEndsIdle() throws Exception {
        for (int seed = 0; seed < 2000; seed++) {
            var random = new Random(seed);
            EventStream stream = ask();
            for (int i = random.nextInt(12); i > 0; i--) step(stream, random.nextInt(16));
            stream.close();
            assertUsable();
        }
    }

    @RepeatedTest(50)
    void interruptAndCloseFromOtherThreadsEndIdle(RepetitionInfo run) throws Exception {
        EventStream stream = ask();
        var reader =
                new FutureTask<>(() -> {
                    try {
                        Answers.all(stream);
                    } catch (ApiException _) {
                        // Interrupted or closed.
                    }
                    return true;
                });
        Thread.ofVirtual().start(reader);
        while (inner.answers.isEmpty()) Thread.onSpinWait();
        Thread teller = Thread.ofVirtual().start(() -> inner.last().tellAll("many words"));
        var random = new Random(run.getCurrentRepetition());
        for (int i = random.nextInt(2000); i > 0; i--) Thread.onSpinWait();
        if (random.nextBoolean()) claude.interruptSession("s", ClientHeaders.NONE);
        if (random.nextBoolean()) stream.close();
        teller.join();
        reader.get(5, TimeUnit.SECONDS);
        assertUsable();
    }
}
