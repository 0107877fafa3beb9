package ccproxy.observe;

import ccproxy.wire.Usage;
import java.util.concurrent.atomic.LongAdder;

/// What the answers of one model cost and took. Safe for any number of threads.
final class ModelMetrics {
    final Histogram firstToken = new Histogram();
    final Histogram gaps = new Histogram(Gaps.BOUNDS);
    final Tokens tokens = new Tokens();
    final LongAdder costNanos = new LongAdder();
    private volatile boolean hasPrice;

    /// Tokens by kind.
    static final class Tokens {
        private final LongAdder input = new LongAdder();
        private final LongAdder output = new LongAdder();
        private final LongAdder cacheRead = new LongAdder();
        private final LongAdder cacheCreation = new LongAdder();

        void add(Usage usage) {
            input.add(usage.inputTokens());
            output.add(usage.outputTokens());
            cacheRead.add(usage.cacheReadTokens());
            cacheCreation.add(usage.cacheCreationTokens());
        }

        /// @param labels before the one that tells the kind
        void write(MetricsText out, String... labels) {
            String[] all = java.util.Arrays.copyOf(labels, labels.length + 2);
            all[labels.length] = "direction";
            all[labels.length + 1] = "input";
            out.sample(input.sum(), all);
            all[labels.length + 1] = "output";
            out.sample(output.sum(), all);
            all[labels.length + 1] = "cache_read";
            out.sample(cacheRead.sum(), all);
            all[labels.length + 1] = "cache_creation";
            out.sample(cacheCreation.sum(), all);
        }
    }

    void ended(Finished done) {
        if (done.time().firstTokenNanos() >= 0) firstToken.add(done.time().firstTokenNanos());
        gaps.add(done.time().gaps());
        tokens.add(done.usage());
        if (!done.cost().isKnown()) return;
        costNanos.add(done.cost().nanos());
        hasPrice = true;
    }

    /// {@return whether there ever was a price: without one there is no cost, not a cost of zero}
    boolean hasPrice() {
        return hasPrice;
    }
}
