package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import ccproxy.claude.EventStream.Next;
import ccproxy.wire.MessagesRequest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;

/// Sessions over a backend in the test's hand, with a clock that it moves.
class Sessions {
    static final Duration LOOK = Duration.ofMillis(20);

    final StubClaude inner = new StubClaude();
    final Hands clock = new Hands();
    final SessionClaude claude = claude(1000, 1 << 20, false);

    /// A clock that the test moves.
    static final class Hands extends Clock {
        Instant now = Instant.parse("2026-01-01T00:00:00Z");

        @Override
        public Instant instant() {
            return now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }

    SessionClaude claude(int sessionsMax, long bytesMax, boolean isPerClient) {
        ClaudeSettings settings = Answers.settings("http://unused");
        var table = new SessionTable(clock, sessionsMax, bytesMax);
        return new SessionClaude(inner, settings, isPerClient, shelf(table));
    }

    static SessionClaude.Shelf shelf(SessionTable table) {
        return new SessionClaude.Shelf(table, "stub", Optional.empty());
    }

    static Turn turn(String session, MessagesRequest request) {
        return new Turn(request, session, ClientHeaders.NONE, false);
    }

    static Turn turn(String session, String text) {
        return turn(session, Answers.streamed(text));
    }

    /// Begins a turn that is not answered yet.
    EventStream begun(SessionClaude claude, Turn turn) throws InterruptedException {
        EventStream stream = claude.ask(turn);
        assertInstanceOf(Next.Quiet.class, stream.next(LOOK));
        return stream;
    }

    void said(SessionClaude claude, Turn turn, String answer) throws InterruptedException {
        EventStream stream = begun(claude, turn);
        inner.last().tellAll(answer);
        assertEquals(answer, Answers.text(stream));
    }

    void said(String session, String text, String answer) throws InterruptedException {
        said(claude, turn(session, text), answer);
    }

    /// The messages that went upstream last, as `role:text`.
    List<String> asked() {
        return inner.turns
                .getLast()
                .request()
                .messages()
                .valueStream()
                .map(m -> m.path("role").asString() + ":" + text(m))
                .toList();
    }

    static String text(tools.jackson.databind.JsonNode message) {
        var content = message.path("content");
        return content.isString()
                ? content.stringValue()
                : content.path(0).path("text").asString("?");
    }

    boolean isIdle(String id) {
        return claude.sessions(ClientHeaders.NONE).stream()
                .noneMatch(s -> s.id().equals(id) && s.isBusy());
    }
}
