package ccproxy.claude;

import ccproxy.wire.Usage;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/// What a model's tokens cost at the API's list price: the user's table, then one that ships as
/// data (`prices.json`). A name is looked up as it is, then without its date, then by the table's
/// prefixes (`claude-x*`), the first that matches. A row `NAME above N` is for requests whose
/// prompt has more than N tokens. Immutable.
public final class Prices {
    /// The table that ships alone.
    public static final Prices BUILT_IN = new Prices(Map.of());

    /// More rows than there will be models.
    private static final int ROWS_MAX = 1000;

    /// Dollars a million tokens; far above any price.
    private static final double PRICE_MAX = 1_000_000;

    /// A dollar a million tokens is so many billionths of a dollar a token.
    private static final double NANOS = 1000;

    private static final double NANOS_PER_USD = 1e9;

    private static final Pattern NAME = Pattern.compile("(.+?)(?: above ([0-9]{1,12}))?");

    /// What a row may say; the first two it must.
    private static final List<String> PARTS =
            List.of("input", "output", "cache_read", "cache_5m", "cache_1h");

    private final Map<String, TreeMap<Long, Price>> rows = new LinkedHashMap<>();

    /// US dollars a million tokens.
    private record Price(
            double input, double output, double cacheRead, double cache5m, double cache1h) {}

    private static final class Shipped {
        private static final JsonNode DATA = ShippedData.of("prices.json");
        private static final Prices TABLE = new Prices(table(DATA.path("models")));
        private static final double WEB_SEARCH = DATA.path("web_search").asDouble();

        private static Map<String, Map<String, Number>> table(JsonNode models) {
            var table = new LinkedHashMap<String, Map<String, Number>>();
            for (var model : models.properties()) {
                var row = new LinkedHashMap<String, Number>();
                for (var part : model.getValue().properties())
                    row.put(part.getKey(), part.getValue().asDouble());
                table.put(model.getKey(), row);
            }
            return table;
        }
    }

    private Prices(Map<String, ? extends Map<String, ? extends Number>> table) {
        table.forEach(this::add);
    }

    /// {@return a table in front of the one that ships: name → part → US dollars a million tokens}
    ///
    /// @throws IllegalArgumentException says which row is wrong and why
    public static Prices of(Map<String, ? extends Map<String, ? extends Number>> table) {
        if (table.size() > ROWS_MAX)
            throw new IllegalArgumentException("expected at most " + ROWS_MAX + " prices");
        return new Prices(table);
    }

    /// {@return the table of `claude-x=input:3/output:15,claude-y*=…`}
    ///
    /// @throws IllegalArgumentException says which row is wrong and why
    public static Prices parse(String text) {
        var table = new LinkedHashMap<String, Map<String, Number>>();
        for (String row : text.split(",", -1)) {
            if (row.isBlank()) continue;
            int equals = row.lastIndexOf('=');
            if (equals < 1) throw wrong("MODEL=input:3/output:15", row);
            var parts = new LinkedHashMap<String, Number>();
            for (String part : row.substring(equals + 1).split("/", -1)) {
                int colon = part.indexOf(':');
                if (colon < 1) throw wrong("PART:PRICE", part);
                String name = part.substring(0, colon).strip();
                if (parts.put(name, number(part.substring(colon + 1).strip())) != null)
                    throw wrong("each part once", row);
            }
            if (table.put(row.substring(0, equals).strip(), parts) != null)
                throw wrong("each model once", row);
        }
        return of(table);
    }

    private static Double number(String text) {
        // The JDK would also take hexadecimal digits, NaN and a letter behind them.
        if (!text.matches("[0-9]{1,9}(\\.[0-9]{1,9})?")) throw wrong("a price such as 0.25", text);
        return Double.valueOf(text);
    }

    private void add(String name, Map<String, ? extends Number> row) {
        row.forEach((part, price) -> {
            if (!PARTS.contains(part)) throw wrong("one of " + String.join(", ", PARTS), part);
            double usd = price.doubleValue();
            if (!(usd >= 0 && usd <= PRICE_MAX))
                throw wrong("a price from 0 to 1000000", "" + price);
        });
        Matcher parts = NAME.matcher(name);
        if (!parts.matches()) throw wrong("the name of a model", name);
        for (String part : PARTS.subList(0, 2)) {
            if (!row.containsKey(part)) throw wrong("input and output for " + name, "no " + part);
        }
        long above = parts.group(2) == null ? -1 : Long.parseLong(parts.group(2));
        rows.computeIfAbsent(parts.group(1), _ -> new TreeMap<>()).put(above, price(row));
    }

    /// The API's own multiples where a row does not say.
    private static Price price(Map<String, ? extends Number> row) {
        double input = row.get("input").doubleValue();
        return new Price(
                input,
                row.get("output").doubleValue(),
                part(row, "cache_read", 0.1 * input),
                part(row, "cache_5m", 1.25 * input),
                part(row, "cache_1h", 2 * input));
    }

    private static double part(Map<String, ? extends Number> row, String part, double other) {
        return row.containsKey(part) ? row.get(part).doubleValue() : other;
    }

    private static IllegalArgumentException wrong(String expected, String found) {
        return new IllegalArgumentException("expected " + expected + ", found '" + found + "'");
    }

    /// {@return what an answer cost, in billionths of a US dollar; empty when there is no price.}
    /// The echo model costs nothing unless the user's own table says so.
    public OptionalLong costNanos(String backend, String model, Usage usage) {
        Price price = find(model, usage.promptTokens());
        if (price == null && !backend.equals("echo"))
            price = Shipped.TABLE.find(model, usage.promptTokens());
        if (price == null) return OptionalLong.empty();
        long hour = usage.extras().cacheCreation1hTokens();
        double usd =
                usage.inputTokens() * price.input
                        + usage.outputTokens() * price.output
                        + usage.cacheReadTokens() * price.cacheRead
                        + (usage.cacheCreationTokens() - hour) * price.cache5m
                        + hour * price.cache1h;
        double searches = usage.extras().webSearches() * Shipped.WEB_SEARCH * NANOS_PER_USD;
        return OptionalLong.of(Math.round(usd * NANOS + searches));
    }

    private Price find(String model, long promptTokens) {
        if (rows.isEmpty()) return null;
        Price price = at(model, promptTokens);
        if (price == null) price = at(ShippedModels.undated(model), promptTokens);
        if (price != null) return price;
        for (String name : rows.keySet()) {
            boolean isPrefix = name.endsWith("*");
            if (isPrefix && model.startsWith(name.substring(0, name.length() - 1)))
                return at(name, promptTokens);
        }
        return null;
    }

    private Price at(String name, long promptTokens) {
        TreeMap<Long, Price> tiers = rows.get(name);
        if (tiers == null) return null;
        var tier = tiers.lowerEntry(promptTokens);
        return tier == null ? null : tier.getValue();
    }

    /// The order of rows counts.
    @Override
    public boolean equals(Object other) {
        return other instanceof Prices prices
                && List.copyOf(prices.rows.entrySet()).equals(List.copyOf(rows.entrySet()));
    }

    @Override
    public int hashCode() {
        return rows.hashCode();
    }
}
