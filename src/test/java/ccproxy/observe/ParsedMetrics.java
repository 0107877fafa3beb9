package ccproxy.observe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Metrics as a strict reader of the text format takes them: each family told once, with help and
/// type before its samples; names and labels as they must be; histograms that add up.
public final class ParsedMetrics {
    private static final Pattern SAMPLE =
            Pattern.compile("([a-z][a-z0-9_]*)(\\{.*})? (-?[0-9.]+(?:E-?[0-9]+)?)");
    private static final Pattern LABEL =
            Pattern.compile("([a-z][a-z0-9_]*)=\"((?:[^\"\\\\\n]|\\\\[\\\\\"n])*)\"(,|$)");

    private final Map<String, String> types = new LinkedHashMap<>();
    private final Map<String, Double> samples = new LinkedHashMap<>();
    private String family = "";

    /// Reads `text`, and fails the test where it is wrong.
    public ParsedMetrics(String text) {
        assertTrue(text.endsWith("\n"));
        text.lines().forEach(this::line);
        types.forEach((name, type) -> {
            if (type.equals("histogram")) histogram(name);
            if (type.equals("counter")) assertTrue(name.endsWith("_total"), name);
        });
    }

    private void line(String line) {
        String[] words = line.split(" ", 4);
        if (line.startsWith("# HELP ")) {
            family = words[2];
            assertFalse(types.containsKey(family), () -> family + " is told twice");
            assertFalse(words[3].isBlank(), line);
        } else if (line.startsWith("# TYPE ")) {
            assertEquals(family, words[2], "help and type belong together");
            types.put(family, words[3]);
        } else {
            sample(line);
        }
    }

    private void sample(String line) {
        Matcher parts = SAMPLE.matcher(line);
        assertTrue(parts.matches(), line);
        boolean isHistogram = types.get(family).equals("histogram");
        String suffix = isHistogram ? "(_bucket|_sum|_count)" : "";
        assertTrue(parts.group(1).matches(family + suffix), line);
        String labels = parts.group(2) == null ? "" : parts.group(2);
        assertTrue(areLabels(labels), line);
        double value = Double.parseDouble(parts.group(3));
        assertFalse(samples.containsKey(parts.group(1) + labels), () -> line + " is there twice");
        samples.put(parts.group(1) + labels, value);
    }

    private static boolean areLabels(String labels) {
        if (labels.isEmpty()) return true;
        Matcher label = LABEL.matcher(labels.substring(1, labels.length() - 1));
        int at = 0;
        while (label.find() && label.start() == at) at = label.end();
        return at == labels.length() - 2 && at > 0;
    }

    private void histogram(String name) {
        var buckets = new HashMap<String, List<Double>>();
        samples.forEach((sample, value) -> {
            if (!sample.startsWith(name + "_bucket{")) return;
            String labels = sample.substring(name.length() + 7).replaceFirst(",?le=\"[^\"]*\"", "");
            buckets.computeIfAbsent(labels, _ -> new ArrayList<>()).add(value);
        });
        buckets.forEach((labels, counts) -> {
            assertEquals(counts.stream().sorted().toList(), counts, name + labels);
            String rest = labels.equals("{}") ? "" : labels;
            assertEquals(counts.getLast(), samples.get(name + "_count" + rest), name + labels);
            assertTrue(samples.get(name + "_sum" + rest) >= 0, name + labels);
        });
        boolean hasLast = samples.keySet().stream().anyMatch(s -> s.contains("le=\"+Inf\""));
        assertTrue(buckets.isEmpty() || hasLast, name);
    }

    /// {@return the value of a sample, named as in the text; -1 when it is not there}
    public double value(String sample) {
        return samples.getOrDefault(sample, -1.0);
    }

    /// {@return the sum of all samples that begin so}
    public double sum(String start) {
        return samples.entrySet().stream()
                .filter(sample -> sample.getKey().startsWith(start))
                .mapToDouble(Map.Entry::getValue)
                .sum();
    }

    /// {@return how many samples begin so}
    public long count(String start) {
        return samples.keySet().stream().filter(sample -> sample.startsWith(start)).count();
    }
}
