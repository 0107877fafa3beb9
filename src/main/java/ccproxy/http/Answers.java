package ccproxy.http;

import ccproxy.claude.EventStream;
import ccproxy.claude.EventStream.Next;
import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import ccproxy.wire.MessageFold;
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
        exchange.answer().begin(events);
        var answer =
                new StreamedAnswer(exchange, events, face, beforeHead, exchange.watched(clients));
        try {
            answer.run(look, ping);
        } catch (IOException _) {
            throw new ClientGoneException();
        } finally {
            exchange.log().counted(answer.tally().usage(), answer.tally().stopReason());
            events.close();
        }
    }

    /// {@return a whole answer, folded from its events}
    MessageFold fold(Exchange exchange, EventStream events) throws InterruptedException {
        exchange.answer().begin(events);
        var fold = new MessageFold();
        var tally = new Tally();
        ClientWatch.Watch client = exchange.watched(clients);
        long lookAt = System.nanoTime() + look.toNanos();
        try {
            for (; ; ) {
                // Also while events flow: nothing is written yet that could fail.
                if (System.nanoTime() - lookAt >= 0) {
                    if (client.isGone()) throw new ClientGoneException();
                    lookAt = System.nanoTime() + look.toNanos();
                }
                Next next = events.next(look);
                if (next instanceof Next.Event(var event)) {
                    tally.add(event);
                    fold.add(event);
                    if (tally.hasContent()) exchange.log().firstToken();
                } else if (next instanceof Next.End) {
                    if (!tally.isComplete()) throw incomplete();
                    exchange.answer().checkNotCut();
                    return fold;
                }
            }
        } finally {
            exchange.log().counted(tally.usage(), tally.stopReason());
            events.close();
        }
    }

    static ApiException incomplete() {
        return new ApiException(ErrorKind.INCOMPLETE, "the answer ended before its end");
    }
}
