package ccproxy.http;

import ccproxy.claude.EventStream;
import ccproxy.claude.EventStream.Next;
import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import ccproxy.wire.MessageEvent;
import ccproxy.wire.MessageFold;
import ccproxy.wire.SseEvent;
import ccproxy.wire.SseWriter;
import ccproxy.wire.Tally;
import java.io.IOException;
import java.time.Duration;
import java.util.function.Consumer;

/// Brings an answer from its event stream to its client, in events or whole. One thread reads and
/// writes, so a slow client slows the upstream; silence is broken by pings; a client that left ends
/// the upstream.
final class Answers {
    /// How often a silent wait is interrupted to see whether the client is still there.
    private static final Duration LOOK_EVERY = Duration.ofSeconds(1);

    private final Duration ping;
    private final Duration look;
    private final ClientWatch clients;

    Answers(Duration ping, ClientWatch clients) {
        this.ping = ping;
        this.look = ping.compareTo(LOOK_EVERY) < 0 ? ping : LOOK_EVERY;
        this.clients = clients;
    }

    /// Streams an answer. The head goes out with the first event, so that an error before it has
    /// its own status; or with the first ping, when the wait has been too long for that.
    ///
    /// @param beforeHead told when the upstream's headers are known, before ours go out
    void stream(
            Exchange exchange,
            EventStream events,
            StreamFace face,
            Consumer<EventStream> beforeHead)
            throws InterruptedException {
        exchange.answer(events);
        var tally = new Tally();
        ClientWatch.Watch client = exchange.watched(clients);
        SseWriter out = null;
        long heard = System.nanoTime();
        try {
            for (; ; ) {
                switch (events.next(look)) {
                    case Next.Event(var event) -> {
                        tally.add(event);
                        if (out == null) {
                            refuseWhole(event);
                            if (event.name().equals("error")) throw Tally.failure(event);
                            out = begin(exchange, events, face, beforeHead);
                        }
                        if (tally.hasContent()) exchange.log().firstToken();
                        face.event(event);
                        if (!events.isReady()) out.flush();
                        heard = System.nanoTime();
                    }
                    case Next.Quiet() -> {
                        if (client.isGone()) throw new ClientGoneException();
                        if (System.nanoTime() - heard < ping.toNanos()) continue;
                        if (out == null) out = begin(exchange, events, face, beforeHead);
                        face.ping();
                        out.flush();
                        heard = System.nanoTime();
                    }
                    case Next.Queued() -> {
                        if (client.isGone()) throw new ClientGoneException();
                    }
                    case Next.End() -> {
                        if (!tally.isComplete()) throw incomplete();
                        face.end();
                        out.flush();
                        return;
                    }
                }
            }
        } catch (IOException _) {
            throw new ClientGoneException();
        } finally {
            exchange.log().counted(tally.usage(), tally.stopReason());
            events.close();
        }
    }

    /// What was asked for in events must not reach a client as something else.
    private static void refuseWhole(SseEvent event) {
        if (!event.name().equals(SseEvent.WHOLE)) return;
        throw new ApiException(
                ErrorKind.UNREACHABLE,
                "the upstream does not speak the API: expected text/event-stream, found application/json");
    }

    private static SseWriter begin(
            Exchange exchange,
            EventStream events,
            StreamFace face,
            Consumer<EventStream> beforeHead)
            throws IOException {
        beforeHead.accept(events);
        var out = new SseWriter(exchange.stream(face));
        face.begin(out);
        return out;
    }

    /// {@return a whole answer, folded from its events}
    ///
    /// @param whole takes an answer that came whole, as it is
    MessageFold fold(Exchange exchange, EventStream events, Consumer<SseEvent> whole)
            throws InterruptedException {
        exchange.answer(events);
        var fold = new MessageFold();
        var tally = new Tally();
        ClientWatch.Watch client = exchange.watched(clients);
        try {
            for (; ; ) {
                switch (events.next(look)) {
                    case Next.Event(var event) -> {
                        if (event.name().equals("error")) throw Tally.failure(event);
                        tally.add(event);
                        if (tally.hasContent()) exchange.log().firstToken();
                        if (event.name().equals(SseEvent.WHOLE)) whole.accept(event);
                        else fold.add(MessageEvent.of(event));
                    }
                    case Next.Quiet(), Next.Queued() -> {
                        if (client.isGone()) throw new ClientGoneException();
                    }
                    case Next.End() -> {
                        if (!tally.isComplete()) throw incomplete();
                        return fold;
                    }
                }
            }
        } finally {
            exchange.log().counted(tally.usage(), tally.stopReason());
            events.close();
        }
    }

    private static ApiException incomplete() {
        return new ApiException(ErrorKind.INCOMPLETE, "the answer ended before its end");
    }
}
