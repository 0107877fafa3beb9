package ccproxy.observe;

import java.util.LinkedHashMap;
import java.util.Map;

/// What requests added up to. For one thread.
public final class UsageSums {
    private static final int ERROR_STATUS_MIN = 400;

    private long requests;
    private long errors;
    private long inputTokens;
    private long outputTokens;
    private long cacheReadTokens;
    private long cacheCreationTokens;
    private long costNanos;
    private long priced;

    void add(LedgerEntry entry) {
        requests++;
        if (entry.status() >= ERROR_STATUS_MIN) errors++;
        inputTokens += entry.usage().inputTokens();
        outputTokens += entry.usage().outputTokens();
        cacheReadTokens += entry.usage().cacheReadTokens();
        cacheCreationTokens += entry.usage().cacheCreationTokens();
        costNanos += entry.cost().nanos();
        if (entry.cost().isKnown()) priced++;
    }

    void add(UsageSums more) {
        requests += more.requests;
        errors += more.errors;
        inputTokens += more.inputTokens;
        outputTokens += more.outputTokens;
        cacheReadTokens += more.cacheReadTokens;
        cacheCreationTokens += more.cacheCreationTokens;
        costNanos += more.costNanos;
        priced += more.priced;
    }

    /// {@return how many there were}
    public long requests() {
        return requests;
    }

    long costNanos() {
        return costNanos;
    }

    long tokens() {
        return inputTokens + outputTokens + cacheReadTokens + cacheCreationTokens;
    }

    /// {@return all of it by name; a share or a cost that is not known is null}
    public Map<String, Object> shown() {
        var shown = new LinkedHashMap<String, Object>();
        shown.put("requests", requests);
        shown.put("errors", errors);
        shown.put("input_tokens", inputTokens);
        shown.put("output_tokens", outputTokens);
        shown.put("cache_read_tokens", cacheReadTokens);
        shown.put("cache_creation_tokens", cacheCreationTokens);
        long prompt = inputTokens + cacheReadTokens + cacheCreationTokens;
        shown.put("cache_hit_share", prompt == 0 ? null : thousandths(cacheReadTokens, prompt));
        shown.put("cost_usd", priced == 0 ? null : costNanos / 1e9);
        return shown;
    }

    private static Double thousandths(long part, long whole) {
        return Math.round(1000.0 * part / whole) / 1000.0;
    }
}
