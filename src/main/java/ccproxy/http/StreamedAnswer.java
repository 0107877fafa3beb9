package ccproxy.http;

import ccproxy.claude.EventStream;
import ccproxy.claude.EventStream.Next;
import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import ccproxy.wire.SseEvent;
import ccproxy.wire.SseWriter;
import ccproxy.wire.Tally;
import java.io.IOException;
import java.time.Duration;
import java.util.function.Consumer;

/// One answer on its way to a client that wants it in events. For one thread.
///
/// ```
/// waiting ──first event, or a ping is due──▶ streaming ──end──▶ whole
///    └─ error: has its own status                 └─ error: told in the stream
/// ```
final class StreamedAnswer {
    private final Exchange exchange;
    private final EventStream events;
    private final StreamFace face;
    private final Consumer<EventStream> beforeHead;
    private final ClientWatch.Watch client;
    private final Tally tally = new Tally();
    private SseWriter out;
    private long shownNanos = System.nanoTime();
    private long lookedNanos = System.nanoTime();

    /// @param beforeHead told when the upstream's headers are known, before ours go out
    StreamedAnswer(
            Exchange exchange,
            EventStream events,
            StreamFace face,
            Consumer<EventStream> beforeHead,
            ClientWatch.Watch client) {
        this.exchange = exchange;
        this.events = events;
        this.face = face;
        this.beforeHead = beforeHead;
        this.client = client;
    }

    /// {@return what was counted so far}
    Tally tally() {
        return tally;
    }

    /// Streams it, to its end.
    ///
    /// @param look how often a silent wait is interrupted to see whether the client is still there
    /// @param ping the silence after which the client hears from us
    void run(Duration look, Duration ping) throws IOException, InterruptedException {
        for (; ; ) {
            Next next = events.next(look);
            if (next instanceof Next.Event(var event)) {
                long now = System.nanoTime();
                exchange.log().event(now);
                boolean isLast = show(event, now);
                // What the face does not show is silence to the client. What it shows is written,
                // and that fails when there is nobody.
                if (now - Math.max(shownNanos, lookedNanos) >= look.toNanos()) look(ping);
                if (isLast || !events.isReady()) out.flush();
                if (isLast) return;
            } else if (next instanceof Next.Quiet) {
                look(ping);
            } else if (next instanceof Next.Queued) {
                lookForClient();
            } else {
                if (!tally.isComplete()) throw Answers.incomplete();
                face.end();
                out.flush();
                return;
            }
        }
    }

    /// {@return whether it was the last: an upstream's error, which ends the stream}
    private boolean show(SseEvent event, long now) throws IOException {
        refuseWhole(event);
        tally.add(event);
        boolean isError = event.name().equals("error");
        if (isError) {
            ApiException failure = Tally.failure(event);
            if (out == null) throw failure;
            exchange.log().failed(failure.getMessage());
        }
        if (out == null) {
            exchange.answer().checkNotCut();
            begin();
        }
        if (tally.hasContent()) exchange.log().firstToken();
        if (face.event(event)) shownNanos = now;
        return isError;
    }

    /// What was asked for in events must not reach a client as something else.
    private static void refuseWhole(SseEvent event) {
        if (!event.name().equals(SseEvent.WHOLE)) return;
        throw new ApiException(
                ErrorKind.UNREACHABLE,
                "the upstream does not speak the API: expected text/event-stream, found application/json");
    }

    private void begin() throws IOException {
        beforeHead.accept(events);
        out = new SseWriter(exchange.stream(face));
        face.begin(out);
    }

    private void look(Duration ping) throws IOException {
        lookForClient();
        if (System.nanoTime() - shownNanos < ping.toNanos()) return;
        if (out == null) begin();
        face.ping();
        out.flush();
        shownNanos = System.nanoTime();
    }

    private void lookForClient() {
        if (client.isGone()) throw new ClientGoneException();
        lookedNanos = System.nanoTime();
    }
}
