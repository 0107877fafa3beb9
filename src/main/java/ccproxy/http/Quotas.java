package ccproxy.http;

import ccproxy.observe.Ledger;
import ccproxy.observe.Log;
import java.io.IOException;
import java.time.Clock;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/// What each key has used, by its name: it outlives a change of the configuration, so that nobody
/// begins anew with it. As many as there ever were names in the configuration. For any number of
/// threads.
final class Quotas {
    private final InstantSource clock;
    private final LongSupplier nanos;
    private final Map<String, Long> usedToday;
    private final Map<String, Quota> byName = new ConcurrentHashMap<>();

    /// @param clock tells the day
    /// @param nanos tells the time between two requests, as [System#nanoTime] does
    /// @param usedToday the tokens that each key has used on this day already
    Quotas(InstantSource clock, LongSupplier nanos, Map<String, Long> usedToday) {
        this.clock = clock;
        this.nanos = nanos;
        this.usedToday = Map.copyOf(usedToday);
        // Now, and not with a key's first request, which may come tomorrow.
        this.usedToday.keySet().forEach(this::of);
    }

    /// {@return the quotas of a server that begins}
    ///
    /// @param ledger tells what was used on this day before
    static Quotas of(ClientKeys keys, Ledger ledger) {
        Map<String, Long> usedToday = Map.of();
        try {
            if (keys.hasDailyLimits()) usedToday = ledger.tokensToday();
        } catch (IOException e) {
            Log.warn("what was used today cannot be read: limits a day begin anew")
                    .with("error", e.toString())
                    .write();
        }
        return new Quotas(Clock.systemUTC(), System::nanoTime, usedToday);
    }

    /// {@return what a key has used}
    Quota of(String name) {
        return byName.computeIfAbsent(
                name, n -> new Quota(clock, nanos, usedToday.getOrDefault(n, 0L)));
    }
}
