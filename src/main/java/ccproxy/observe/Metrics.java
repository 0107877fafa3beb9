package ccproxy.observe;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/// What the exchanges of this server added up to, for whoever watches it. Everything is counted
/// once, when an exchange ends; the number of series is bounded whatever clients send. Safe for any
/// number of threads.
public final class Metrics {
    /// Names of models that nobody knows: clients may send what they like.
    static final int UNLISTED_MAX = 50;

    /// Pairs of route and status: there are some sixty routes, and few statuses of each.
    static final int STATUSES_MAX = 2000;

    /// Keys are configured; these are more than anybody does.
    static final int KEYS_MAX = 1000;

    static final String OTHER = "other";

    /// Half a surrogate pair is no text: all of them would be written as one and the same name.
    private static final Pattern NAME = Pattern.compile("\\P{Cs}{0,100}");

    private final Map<Pair, LongAdder> requests = new ConcurrentHashMap<>();
    private final Map<String, Histogram> durations = new ConcurrentHashMap<>();
    private final Map<Pair, ModelMetrics> models = new ConcurrentHashMap<>();
    private final Map<String, KeyMetrics> keys = new ConcurrentHashMap<>();
    private final Set<String> unlisted = ConcurrentHashMap.newKeySet();

    private record Pair(String first, String second) implements Comparable<Pair> {
        @Override
        public int compareTo(Pair other) {
            int order = first.compareTo(other.first);
            return order != 0 ? order : second.compareTo(other.second);
        }

        // By hand: a record's own are made at run time.
        @Override
        public int hashCode() {
            return 31 * first.hashCode() + second.hashCode();
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Pair pair
                    && first.equals(pair.first)
                    && second.equals(pair.second);
        }
    }

    private static final class KeyMetrics {
        private final Map<String, LongAdder> requests = new ConcurrentHashMap<>();
        private final ModelMetrics.Tokens tokens = new ModelMetrics.Tokens();
        private final LongAdder costNanos = new LongAdder();
    }

    /// Counts an exchange that has ended.
    void ended(Finished done) {
        String route = done.request().route();
        String status = Integer.toString(done.status());
        var pair = new Pair(route, status);
        if (!requests.containsKey(pair) && requests.size() >= STATUSES_MAX)
            pair = new Pair(route, OTHER);
        requests.computeIfAbsent(pair, _ -> new LongAdder()).increment();
        durations.computeIfAbsent(route, _ -> new Histogram()).add(done.time().nanos());
        if (!done.key().isEmpty()) count(done, status);
        if (!done.asked().isTurn()) return;
        var model = new Pair(done.asked().backend(), label(done.asked()));
        models.computeIfAbsent(model, _ -> new ModelMetrics()).ended(done);
    }

    private void count(Finished done, String status) {
        boolean isNew = !keys.containsKey(done.key()) && keys.size() >= KEYS_MAX;
        String name = isNew ? OTHER : done.key();
        KeyMetrics key = keys.computeIfAbsent(name, _ -> new KeyMetrics());
        key.requests.computeIfAbsent(status, _ -> new LongAdder()).increment();
        key.tokens.add(done.usage());
        key.costNanos.add(done.cost().nanos());
    }

    /// {@return the model's name, as long as it is one of so many}
    private String label(Finished.Asked asked) {
        // A client may have put its key there.
        String model = Secrets.mask(asked.model());
        if (asked.isListed() || unlisted.contains(model)) return model;
        if (!NAME.matcher(model).matches()) return OTHER;
        synchronized (unlisted) {
            if (unlisted.size() < UNLISTED_MAX) unlisted.add(model);
            return unlisted.contains(model) ? model : OTHER;
        }
    }

    /// Writes all of it, in an order that stays.
    ///
    /// @param isShown whether what was done with a key of this name is told too
    public void write(MetricsText out, Predicate<String> isShown) {
        out.counter("ccproxy_http_requests_total", "Requests that have ended; 499: client left.");
        new TreeMap<>(requests)
                .forEach((pair, count) ->
                        out.sample(count.sum(), "route", pair.first, "status", pair.second));
        out.histogram("ccproxy_http_request_duration_seconds", "From a request to its end.");
        new TreeMap<>(durations)
                .forEach((route, times) -> out.sample(times.snapshot(), "route", route));
        writeModels(out, new TreeMap<>(models));
        var shown = new TreeMap<>(keys);
        shown.keySet().removeIf(isShown.negate());
        if (!shown.isEmpty()) writeKeys(out, shown);
    }

    private static void writeModels(MetricsText out, Map<Pair, ModelMetrics> models) {
        out.histogram("ccproxy_first_token_seconds", "From a request to its answer's first token.");
        models.forEach((pair, model) -> out.sample(model.firstToken.snapshot(), labels(pair)));
        out.histogram("ccproxy_inter_event_seconds", "Between two events of a streamed answer.");
        models.forEach((pair, model) -> out.sample(model.gaps.snapshot(), labels(pair)));
        out.counter("ccproxy_tokens_total", "Tokens, as the backend counted them.");
        models.forEach((pair, model) -> model.tokens.write(out, labels(pair)));
        out.counter("ccproxy_cost_usd_total", "What the tokens cost at the API's list price.");
        models.forEach((pair, model) -> {
            if (model.hasPrice()) out.sample(model.costNanos.sum() / 1e9, labels(pair));
        });
    }

    private static String[] labels(Pair pair) {
        return new String[] {"backend", pair.first, "model", pair.second};
    }

    private static void writeKeys(MetricsText out, Map<String, KeyMetrics> keys) {
        out.counter("ccproxy_key_requests_total", "Requests by client key.");
        keys.forEach((name, key) ->
                new TreeMap<>(key.requests)
                        .forEach((status, count) ->
                                out.sample(count.sum(), "key", name, "status", status)));
        out.counter("ccproxy_key_tokens_total", "Tokens by client key.");
        keys.forEach((name, key) -> key.tokens.write(out, "key", name));
        out.counter("ccproxy_key_cost_usd_total", "Cost by client key, where there is a price.");
        keys.forEach((name, key) -> out.sample(key.costNanos.sum() / 1e9, "key", name));
    }
}
