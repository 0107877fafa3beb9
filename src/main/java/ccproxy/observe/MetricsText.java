package ccproxy.observe;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;

/// Metrics as Prometheus reads them: text format 0.0.4. A family is begun, then its samples follow;
/// labels come in the order in which they are given. For one thread.
public final class MetricsText {
    /// The type of the text.
    public static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    private static final double NANOS_PER_SECOND = 1e9;

    private final StringBuilder out = new StringBuilder(16 << 10);
    private String family = "";

    /// Begins a family of numbers that only grow; `name` ends with `_total`.
    ///
    /// @return this text
    public MetricsText counter(String name, String help) {
        return begin(name, "counter", help);
    }

    /// Begins a family of numbers that go up and down.
    ///
    /// @return this text
    public MetricsText gauge(String name, String help) {
        return begin(name, "gauge", help);
    }

    /// Begins a family of histograms; `name` ends with `_seconds`.
    ///
    /// @return this text
    public MetricsText histogram(String name, String help) {
        return begin(name, "histogram", help);
    }

    private MetricsText begin(String name, String type, String help) {
        family = name;
        out.append("# HELP ").append(name).append(' ').append(help).append('\n');
        out.append("# TYPE ").append(name).append(' ').append(type).append('\n');
        return this;
    }

    /// Adds a whole number.
    ///
    /// @param labels name, value, name, value…
    /// @return this text
    public MetricsText sample(long value, String... labels) {
        name("", labels).append(' ').append(value).append('\n');
        return this;
    }

    /// Adds a number.
    ///
    /// @param labels name, value, name, value…
    /// @return this text
    public MetricsText sample(double value, String... labels) {
        name("", labels).append(' ').append(value).append('\n');
        return this;
    }

    /// Adds whole numbers that differ in one label.
    ///
    /// @return this text
    public MetricsText samples(String label, Map<String, Long> values) {
        values.forEach((value, count) -> sample(count, label, value));
        return this;
    }

    /// Adds a histogram.
    ///
    /// @param labels name, value, name, value…
    /// @return this text
    public MetricsText sample(Histogram.Snapshot histogram, String... labels) {
        String[] all = Arrays.copyOf(labels, labels.length + 2);
        all[labels.length] = "le";
        long below = 0;
        for (int i = 0; i < histogram.counts().length; i++) {
            below += histogram.counts()[i];
            boolean isLast = i == histogram.bounds().length;
            all[labels.length + 1] =
                    isLast ? "+Inf" : Double.toString(histogram.bounds()[i] / NANOS_PER_SECOND);
            name("_bucket", all).append(' ').append(below).append('\n');
        }
        name("_sum", labels).append(' ').append(histogram.sumNanos() / NANOS_PER_SECOND);
        out.append('\n');
        name("_count", labels).append(' ').append(below).append('\n');
        return this;
    }

    /// `family_suffix{label="value"}`
    private StringBuilder name(String suffix, String... labels) {
        out.append(family).append(suffix);
        for (int i = 0; i < labels.length; i += 2) {
            out.append(i == 0 ? '{' : ',').append(labels[i]).append("=\"");
            escaped(labels[i + 1]);
            out.append('"');
        }
        return labels.length == 0 ? out : out.append('}');
    }

    private void escaped(String value) {
        for (int i = 0; i < value.length(); i++) {
            switch (value.charAt(i)) {
                case '\\' -> out.append("\\\\");
                case '"' -> out.append("\\\"");
                case '\n' -> out.append("\\n");
                default -> out.append(value.charAt(i));
            }
        }
    }

    /// {@return the text so far}
    public byte[] bytes() {
        return out.toString().getBytes(StandardCharsets.UTF_8);
    }
}
