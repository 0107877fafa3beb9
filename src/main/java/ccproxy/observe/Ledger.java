package ccproxy.observe;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;

/// Who used what: one line for every request that asked a model, also when it failed, in a file a
/// day. A thread of its own writes them, so no request waits for the disk or fails with it; what
/// does not fit into [LineQueue#BYTES_MAX] meanwhile is dropped, counted and said once. Safe for
/// any number of threads.
public final class Ledger implements AutoCloseable {
    /// No ledger.
    public static final Ledger NONE = new Ledger(Path.of(""), 0, InstantSource.system());

    private final Path folder;
    private final boolean isKept;
    private final InstantSource clock;
    private final LedgerFile file;
    private final LongAdder dropped = new LongAdder();
    private final AtomicBoolean isDropping = new AtomicBoolean();
    private volatile LineQueue queue;
    private boolean isClosed;

    private Ledger(Path folder, int keepDays, InstantSource clock) {
        this.folder = Objects.requireNonNull(folder);
        this.isKept = keepDays > 0;
        this.clock = clock;
        this.file = new LedgerFile(folder, keepDays, clock);
    }

    /// {@return the ledger in a folder, which need not be there yet; old days go}
    ///
    /// @param keepDays how many days before today are kept; 0 for no ledger
    public static Ledger open(Path folder, int keepDays) {
        return open(folder, keepDays, InstantSource.system());
    }

    static Ledger open(Path folder, int keepDays, InstantSource clock) {
        if (keepDays == 0) return NONE;
        var ledger = new Ledger(folder, keepDays, clock);
        // A start waits for no disk.
        Thread.startVirtualThread(ledger.file::prune);
        return ledger;
    }

    /// {@return whether there is one}
    public boolean isKept() {
        return isKept;
    }

    /// Writes down an exchange, soon.
    void add(Finished done) {
        if (!isKept) return;
        if (!queue().offer(LedgerEntry.line(done))) {
            dropped.increment();
            if (isDropping.compareAndSet(false, true))
                Log.warn("usage ledger falls behind: lines are dropped").write();
        } else if (isDropping.get() && isDropping.compareAndSet(true, false)) {
            Log.info("usage ledger keeps up again").with("lines_dropped", dropped.sum()).write();
        }
    }

    /// Begun when first needed: an idle server has no thread for it.
    private LineQueue queue() {
        LineQueue open = queue;
        return open == null ? openQueue() : open;
    }

    private synchronized LineQueue openQueue() {
        if (queue == null) {
            queue = new LineQueue(new PrintStream(file, false, StandardCharsets.UTF_8), "usage");
            if (isClosed) queue.close();
        }
        return queue;
    }

    /// {@return the tokens of today (UTC) by client key, as limits count them; for these, at start}
    ///
    /// @throws IOException when the ledger cannot be read
    public Map<String, Long> tokensToday() throws IOException {
        var tokens = new HashMap<String, Long>();
        if (!isKept) return tokens;
        Instant midnight =
                LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC)
                        .atStartOfDay(ZoneOffset.UTC)
                        .toInstant();
        LedgerReader.read(
                folder,
                midnight,
                entry -> {
                    // Keys are configured; a file that names a thousand others is not ours to hold.
                    if (tokens.size() >= Metrics.KEYS_MAX && !tokens.containsKey(entry.key()))
                        return;
                    long more = entry.usage().limitedTokens();
                    tokens.merge(entry.key(), more, Long::sum);
                });
        return tokens;
    }

    /// {@return what was used since a time}
    ///
    /// @throws IOException when the ledger cannot be read
    public UsageReport report(UsageReport.By by, Instant since) throws IOException {
        return UsageReport.read(folder, by, since);
    }

    /// Writes what there is to say of the ledger itself.
    public void write(MetricsText out) {
        if (!isKept) return;
        out.counter(
                        "ccproxy_usage_lines_lost_total",
                        "Lines of the usage ledger that were not written.")
                .sample(dropped.sum(), "reason", "queue_full")
                .sample(file.lost(), "reason", "write_failed");
    }

    /// Writes what waits.
    @Override
    public void close() {
        LineQueue open;
        synchronized (this) {
            isClosed = true;
            open = queue;
        }
        if (open != null) open.close();
    }
}
