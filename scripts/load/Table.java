import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/// The results as one markdown table: a row for each number, a column for each system, and behind
/// each number how often it is that of the base.
final class Table {
    private record Row(Scenario scenario, String metric, String unit, int decimals) {}

    private static final String ERRORS = "errors";

    private final Results results;
    private final Options options;

    Table(Results results, Options options) {
        this.results = results;
        this.options = options;
    }

    String markdown() {
        List<String> lines = new ArrayList<>();
        List<String> systems = options.systems();
        lines.add("| scenario | unit | " + String.join(" | ", systems) + " |");
        lines.add("|---|---|" + "--:|".repeat(systems.size()));
        for (Scenario scenario : options.scenarios()) {
            if (!results.has(scenario)) continue;
            for (Row row : rows(scenario)) lines.add(line(row));
        }
        lines.add("");
        lines.add(
                "Medians of %s round%s%s; in brackets, how often it is %s's. CPU: %s. It took %s s."
                        .formatted(
                                results.fact("reps"),
                                options.reps() == 1 ? "" : "s",
                                options.isQuick() ? " (short ones)" : "",
                                options.base(),
                                results.fact("cpu"),
                                results.fact("seconds")));
        results.failures()
                .forEach((system, reason) ->
                        lines.add("- " + system + " is not available: " + reason));
        List<String> warnings = results.warnings();
        if (!warnings.isEmpty()) {
            lines.add("- " + warnings.size() + " warnings, first: " + warnings.getFirst());
        }
        return String.join("\n", lines);
    }

    private static List<Row> rows(Scenario scenario) {
        List<Row> rows = new ArrayList<>();
        switch (scenario) {
            case START -> {
                add(rows, scenario, "first_200_ms", "ms", 0);
                add(rows, scenario, "first_200_ms_on_both", "ms, on both CPUs", 0);
            }
            case IDLE -> add(rows, scenario, "rss_mb", "MB", 1);
            case RPS64 -> {
                add(rows, scenario, "requests_per_s", "requests/s", 0);
                add(rows, scenario, "cpu_us_per_request", "CPU µs/request", 1);
            }
            case STREAM1, STREAM500, STREAM2000 -> {
                add(rows, scenario, "cpu_us_per_event", "CPU µs/event", 1);
                add(rows, scenario, "latency_p50_us", "latency p50, µs", 0);
                add(rows, scenario, "latency_p99_us", "latency p99, µs", 0);
                add(rows, scenario, "rss_peak_mb", "RSS peak, MB", 1);
            }
            case SATURATED -> {
                add(rows, scenario, "events_per_s", "events/s", 0);
                add(rows, scenario, "cpu_us_per_event", "CPU µs/event", 2);
            }
            case BYTES -> {
                for (int size : Scenario.SIZES) {
                    add(rows, scenario, "cpu_us_per_kb_" + size, "CPU µs/kB of " + size + " kB", 2);
                }
            }
            case BURST2000 -> {
                add(rows, scenario, "first_p50_us", "first event p50, ms", 0);
                add(rows, scenario, "first_p99_us", "first event p99, ms", 0);
                add(rows, scenario, "rss_peak_mb", "RSS peak, MB", 1);
            }
        }
        if (scenario.isLoad()) add(rows, scenario, ERRORS, "errors, missing events", 0);
        return rows;
    }

    private static void add(
            List<Row> rows, Scenario scenario, String metric, String unit, int decimals) {
        rows.add(new Row(scenario, metric, unit, decimals));
    }

    private String line(Row row) {
        StringBuilder line = new StringBuilder("| " + row.scenario() + " | " + row.unit() + " |");
        for (String system : options.systems()) {
            line.append(' ')
                    .append(row.metric().equals(ERRORS) ? errors(row, system) : cell(row, system))
                    .append(" |");
        }
        return line.toString();
    }

    private String cell(Row row, String system) {
        OptionalDouble median = results.median(system, row.scenario(), row.metric());
        if (median.isEmpty()) return results.failures().containsKey(system) ? "failed" : "–";
        double value = median.getAsDouble() / (row.unit().endsWith(" ms") ? 1000 : 1);
        String text = format("%,." + row.decimals() + "f", value);
        if (system.equals(options.base())) return text;
        OptionalDouble ratio = results.ratio(system, options.base(), row.scenario(), row.metric());
        return ratio.isEmpty() ? text : text + format(" (%.2f)", ratio.getAsDouble());
    }

    private String errors(Row row, String system) {
        if (results.median(system, row.scenario(), ERRORS).isEmpty()) return cell(row, system);
        double errors = results.sum(system, row.scenario(), ERRORS);
        double missing = results.sum(system, row.scenario(), "missing");
        return errors + missing == 0 ? "0" : format("**%.0f, %.0f**", errors, missing);
    }

    private static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }
}
