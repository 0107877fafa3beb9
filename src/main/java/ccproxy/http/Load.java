package ccproxy.http;

import ccproxy.observe.Allowance;
import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/// What the server carries at this moment: answers that are being given, and memory for requests.
/// What goes beyond is refused at once, in words that clients wait and ask again after: a server
/// that takes on more than it can carry answers nobody. For any number of threads.
///
/// 529 (503 for Chat Completions) with `retry-after`, because that is what the official SDKs of
/// both APIs wait for and retry; 429 would say that the client itself asked too much.
final class Load {
    /// Of the heap, for requests; a quarter may hold sessions, and answers need the rest.
    private static final int HEAP_SHARE = 2;

    /// Large requests leave a quarter of it to small ones.
    private static final int LARGE_QUARTERS = 3;

    private final long bytesMax;
    private final AtomicLong bytes = new AtomicLong();
    private final AtomicInteger answers = new AtomicInteger();

    Load() {
        this(Runtime.getRuntime().maxMemory() / HEAP_SHARE);
    }

    /// @param bytesMax memory for all requests
    Load(long bytesMax) {
        this.bytesMax = bytesMax;
    }

    /// An answer that is being given, until it is closed.
    final class Answer implements AutoCloseable {
        private Answer() {}

        @Override
        public void close() {
            answers.decrementAndGet();
        }
    }

    /// {@return the place of an answer}
    ///
    /// @throws ApiException when there are `answersMax` already
    Answer answer(int answersMax) {
        if (answers.incrementAndGet() <= answersMax) return new Answer();
        answers.decrementAndGet();
        throw overloaded("too many answers at once (max_streams)");
    }

    /// Memory for one exchange: its request, taken bit by bit as it comes, and an answer that comes
    /// whole. For one thread at a time.
    final class Share implements Allowance {
        private long taken;

        private Share() {}

        /// Takes some more.
        ///
        /// @param isLarge whether the request is none of those that are let in almost always
        /// @throws ApiException when there is not so much; never will be, or not now
        void take(long more, boolean isLarge) {
            checkFits(taken + more);
            long limit = isLarge ? bytesMax / 4 * LARGE_QUARTERS : bytesMax;
            if (!isTaken(more, limit))
                throw overloaded("no memory left for a request of this size");
        }

        /// Takes some more for the answer, which has cost somebody something: before new requests.
        @Override
        public void take(long more) {
            if (!isTaken(more, bytesMax))
                throw overloaded("no memory left for an answer of this size");
        }

        /// Who is refused gives back at once what it has: of several that would need it all, one
        /// always gets it.
        private boolean isTaken(long more, long limit) {
            for (; ; ) {
                long now = bytes.get();
                if (now + more > limit) {
                    release();
                    return false;
                }
                if (bytes.compareAndSet(now, now + more)) {
                    taken += more;
                    return true;
                }
            }
        }

        /// Refuses early what could not be taken anyway.
        void check(long more) {
            checkFits(more);
            if (bytes.get() + more > bytesMax / 4 * LARGE_QUARTERS)
                throw overloaded("no memory left for a request of this size");
        }

        /// Gives all of it back; twice is fine.
        void release() {
            if (taken > 0) bytes.addAndGet(-taken);
            taken = 0;
        }
    }

    private void checkFits(long wanted) {
        if (wanted <= bytesMax / 4 * LARGE_QUARTERS) return;
        throw new ApiException(
                ErrorKind.TOO_LARGE,
                "body: a request of this size needs "
                        + (wanted >> 20)
                        + " MB of memory, more than this server has for requests; give the JVM more (-Xmx)");
    }

    Share share() {
        return new Share();
    }

    /// {@return memory that requests hold}
    long bytes() {
        return bytes.get();
    }

    /// {@return answers that are being given}
    int answers() {
        return answers.get();
    }

    static ApiException overloaded(String why) {
        return new ApiException(ErrorKind.OVERLOADED, "the server is overloaded: " + why)
                .header("retry-after", "1");
    }
}
