package ccproxy.claude;

import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import ccproxy.wire.SseEvent;
import ccproxy.wire.SseReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// A backend whose every answer is in the test's hand.
final class StubClaude implements Claude {
    final List<Turn> turns = new CopyOnWriteArrayList<>();
    final List<Answer> answers = new CopyOnWriteArrayList<>();

    /// What else happens in the moment in which a question is asked.
    volatile Runnable whileAsked = () -> {};

    /// An answer that says what the test puts into it.
    static final class Answer implements EventStream {
        private sealed interface Item {
            record Told(SseEvent event) implements Item {}

            record Failed(RuntimeException error) implements Item {}

            record Ended() implements Item {}
        }

        private final LinkedBlockingQueue<Item> items = new LinkedBlockingQueue<>();
        volatile boolean isClosed;

        Answer tell(String sse) {
            var reader =
                    new SseReader(new ByteArrayInputStream(sse.getBytes(StandardCharsets.UTF_8)));
            try {
                for (SseEvent event = reader.next(); event != null; event = reader.next())
                    items.add(new Item.Told(event));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return this;
        }

        /// Everything up to the first delta.
        Answer tellFirstWords(String text) {
            String sse = Answers.sse(text);
            return tell(sse.substring(0, sse.indexOf("event: content_block_stop")));
        }

        Answer tellAll(String text) {
            return tell(Answers.sse(text)).end();
        }

        Answer end() {
            items.add(new Item.Ended());
            return this;
        }

        Answer fail(RuntimeException error) {
            items.add(new Item.Failed(error));
            return this;
        }

        @Override
        public Next next(Duration wait) throws InterruptedException {
            if (isClosed) throw stopped();
            Item item = items.poll(wait.toNanos(), TimeUnit.NANOSECONDS);
            return switch (item) {
                case null -> new Next.Quiet();
                case Item.Told(var event) -> new Next.Event(event);
                case Item.Failed(var error) -> throw error;
                case Item.Ended() -> new Next.End();
            };
        }

        private static ApiException stopped() {
            return new ApiException(ErrorKind.INCOMPLETE, "the answer was stopped");
        }

        @Override
        public boolean isReady() {
            return !items.isEmpty();
        }

        @Override
        public Map<String, List<String>> headers() {
            return Map.of("request-id", List.of("stub"));
        }

        @Override
        public void close() {
            isClosed = true;
            items.add(new Item.Failed(stopped()));
        }
    }

    @Override
    public EventStream ask(Turn turn) {
        turns.add(turn);
        whileAsked.run();
        var answer = new Answer();
        answers.add(answer);
        return answer;
    }

    Answer last() {
        return answers.getLast();
    }

    /// What went upstream last.
    String body() {
        return new String(turns.getLast().request().body(), StandardCharsets.UTF_8);
    }

    @Override
    public EventStream countTokens(Turn turn) {
        return ask(turn);
    }

    @Override
    public EventStream models(String id, ClientHeaders headers) {
        return ask(new Turn(Answers.streamed(id), "", headers, false));
    }

    @Override
    public List<SessionInfo> sessions(ClientHeaders headers) {
        return List.of();
    }

    @Override
    public boolean closeSession(String id, ClientHeaders headers) {
        return false;
    }

    @Override
    public List<SessionInfo> interruptSession(String id, ClientHeaders headers) {
        return List.of();
    }

    @Override
    public void close() {
        // Nothing is held.
    }
}
