import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/// All that was measured.
final class Results {
    private record Measured(
            String system, Scenario scenario, int round, Map<String, Double> metrics) {}

    private final List<Measured> measured = new ArrayList<>();
    private final Map<String, String> failures = new LinkedHashMap<>();
    private final List<String> warnings = new ArrayList<>();
    private final Map<String, Object> facts = new LinkedHashMap<>();

    void add(Target target, Scenario scenario, int round, Map<String, Double> metrics) {
        measured.add(new Measured(target.name(), scenario, round, metrics));
    }

    void fail(String system, String reason) {
        failures.put(system, reason);
    }

    void warn(String text) {
        warnings.add(text);
    }

    void put(String name, Object fact) {
        facts.put(name, fact);
    }

    Map<String, String> failures() {
        return failures;
    }

    List<String> warnings() {
        return warnings;
    }

    Object fact(String name) {
        return facts.get(name);
    }

    boolean has(Scenario scenario) {
        return measured.stream().anyMatch(each -> each.scenario() == scenario);
    }

    /// The median of a number over the rounds.
    OptionalDouble median(String system, Scenario scenario, String metric) {
        return median(byRound(system, scenario, metric).values().stream().sorted().toList());
    }

    private static OptionalDouble median(List<Double> sorted) {
        int n = sorted.size();
        if (n == 0) return OptionalDouble.empty();
        return OptionalDouble.of((sorted.get((n - 1) / 2) + sorted.get(n / 2)) / 2);
    }

    /// How often this system's number is the other's: the median of what it is in each round.
    OptionalDouble ratio(String system, String base, Scenario scenario, String metric) {
        Map<Integer, Double> others = byRound(base, scenario, metric);
        List<Double> ratios = new ArrayList<>();
        byRound(system, scenario, metric)
                .forEach((round, value) -> {
                    Double other = others.get(round);
                    if (other != null && other != 0) ratios.add(value / other);
                });
        return median(ratios.stream().sorted().toList());
    }

    /// A number of all rounds together.
    double sum(String system, Scenario scenario, String metric) {
        return byRound(system, scenario, metric).values().stream()
                .mapToDouble(Double::doubleValue)
                .sum();
    }

    private Map<Integer, Double> byRound(String system, Scenario scenario, String metric) {
        Map<Integer, Double> values = new LinkedHashMap<>();
        for (Measured each : measured) {
            Double value = each.metrics().get(metric);
            if (each.system().equals(system) && each.scenario() == scenario && value != null)
                values.put(each.round(), value);
        }
        return values;
    }

    /// As it goes into the JSON file.
    Map<String, Object> all() {
        Map<String, Object> all = new LinkedHashMap<>(facts);
        all.put("failures", failures);
        all.put("warnings", warnings);
        all.put("measured", measured.stream().map(Results::row).toList());
        return all;
    }

    private static Map<String, Object> row(Measured measured) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("system", measured.system());
        row.put("scenario", measured.scenario().toString());
        row.put("round", measured.round());
        row.putAll(measured.metrics());
        return row;
    }
}
