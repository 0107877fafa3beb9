package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.claude.EventStream.Next;
import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// How many sessions there may be, how large and how long.
@Timeout(20)
class SessionLimitTest extends Sessions {
    @Test
    void conversationThatGrowsTooLargeIsRefused() throws Exception {
        said("s", "x".repeat(6_000), "y");
        EventStream second = claude.ask(turn("s", "z".repeat(6_000)));
        var e = assertThrows(ApiException.class, () -> second.next(LOOK));
        assertEquals(ErrorKind.TOO_LARGE, e.kind());
        assertTrue(e.getMessage().endsWith("expected at most 10000"), e.getMessage());
        second.close();
        said("s", "small", "x");
        // Alone, a request may be as large as the server lets it.
        said(claude, turn("t", "x".repeat(20_000)), "y");
    }

    @Test
    void conversationMayBeAsLargeAsARequest() throws Exception {
        said("s", "one", "first");
        int fixed = size(said -> "a");
        for (int over : new int[] {0, 1}) {
            String text = "a".repeat(10_000 - fixed + 1 + over);
            EventStream stream = claude.ask(turn("s", text));
            if (over == 0) assertInstanceOf(Next.Quiet.class, stream.next(LOOK));
            else assertThrows(ApiException.class, () -> stream.next(LOOK));
            stream.close();
        }
    }

    /// The bytes of the session's next request for a text.
    private int size(java.util.function.UnaryOperator<String> text) throws InterruptedException {
        begun(claude, turn("s", text.apply(""))).close();
        return inner.body().length();
    }

    @Test
    void idleSessionIsForgottenAfterItsTime() throws Exception {
        said("s", "one", "x");
        clock.now = clock.now.plus(Duration.ofHours(1));
        assertEquals(1, claude.sessions(ClientHeaders.NONE).size());
        clock.now = clock.now.plusMillis(1);
        assertEquals(0, claude.sessions(ClientHeaders.NONE).size());
        said("s", "two", "x");
        assertEquals(List.of("user:two"), asked());
    }

    @Test
    void busySessionIsNeverForgotten() throws Exception {
        SessionClaude one = claude(1, 1, false);
        EventStream busy = begun(one, turn("busy", "one"));
        clock.now = clock.now.plus(Duration.ofDays(1));
        said(one, turn("other", "x"), "y");
        assertEquals(2, one.sessions(ClientHeaders.NONE).size());
        inner.answers.getFirst().tellAll("first");
        Answers.all(busy);
        assertEquals(
                List.of("busy"),
                one.sessions(ClientHeaders.NONE).stream().map(SessionInfo::id).toList());
    }

    @Test
    void leastRecentlyUsedSessionGoesFirst() throws Exception {
        SessionClaude two = claude(2, 1 << 20, false);
        for (String id : List.of("a", "b", "a", "c")) {
            clock.now = clock.now.plusSeconds(1);
            said(two, turn(id, "hi"), "x");
        }
        assertEquals(
                List.of("a", "c"),
                two.sessions(ClientHeaders.NONE).stream().map(SessionInfo::id).sorted().toList());
    }

    @Test
    void sessionsTakeNoMoreBytesThanTheyMay() throws Exception {
        said("s", "hi", "x");
        long each = claude.sessions(ClientHeaders.NONE).getFirst().bytes();
        for (int over : new int[] {0, 1}) {
            SessionClaude two = claude(1000, 2 * each - over, false);
            for (String id : List.of("a", "b")) {
                clock.now = clock.now.plusSeconds(1);
                said(two, turn(id, "hi"), "x");
            }
            assertEquals(2 - over, two.sessions(ClientHeaders.NONE).size());
        }
    }

    @Test
    void sessionForgottenBeforeItsTurnBeganIsRememberedAfterIt() throws Exception {
        SessionClaude one = claude(1, 1 << 20, false);
        EventStream a = one.ask(turn("a", "hi"));
        clock.now = clock.now.plusSeconds(1);
        said(one, turn("b", "hi"), "x");
        a.next(LOOK);
        inner.last().tellAll("kept");
        Answers.all(a);
        said(one, turn("a", "more"), "x");
        assertEquals(List.of("user:hi", "assistant:kept", "user:more"), asked());
    }
}
