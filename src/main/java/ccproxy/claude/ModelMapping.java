package ccproxy.claude;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Ordered rules from the name a client asks for to the model it gets; the first [ModelPattern]
/// that matches wins.
public final class ModelMapping {
    /// No rules.
    public static final ModelMapping NONE = of(Map.of());

    /// At most this many rules: each is tried for every request.
    private static final int RULES_MAX = 1000;

    private final List<Rule> rules;

    private record Rule(ModelPattern pattern, String model) {}

    private ModelMapping(List<Rule> rules) {
        this.rules = List.copyOf(rules);
    }

    /// {@return the rules of `patterns`, in their order: pattern → model}
    ///
    /// @throws IllegalArgumentException says which rule is wrong and why
    public static ModelMapping of(Map<String, String> patterns) {
        if (patterns.size() > RULES_MAX) {
            throw new IllegalArgumentException("expected at most " + RULES_MAX + " rules");
        }
        var rules = new ArrayList<Rule>();
        patterns.forEach((pattern, model) -> rules.add(rule(pattern, model)));
        return new ModelMapping(rules);
    }

    /// {@return the rules of `pattern=model,pattern=model…`}
    ///
    /// @throws IllegalArgumentException says which rule is wrong and why
    public static ModelMapping parse(String text) {
        var patterns = new LinkedHashMap<String, String>();
        for (String rule : text.split(",", -1)) {
            if (rule.isBlank()) continue;
            int equals = rule.lastIndexOf('=');
            if (equals < 1) {
                throw new IllegalArgumentException(
                        "expected PATTERN=MODEL, found '" + rule.strip() + "'");
            }
            // The first of two rules for the same pattern wins, as with any two that match.
            patterns.putIfAbsent(
                    rule.substring(0, equals).strip(), rule.substring(equals + 1).strip());
        }
        return of(patterns);
    }

    /// {@return the model for `name`, or `name` itself when no rule matches}
    public String resolve(String name) {
        for (Rule rule : rules) {
            if (rule.pattern.matches(name)) return rule.model;
        }
        return name;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ModelMapping mapping && mapping.rules.equals(rules);
    }

    @Override
    public int hashCode() {
        return rules.hashCode();
    }

    private static Rule rule(String pattern, String model) {
        if (pattern.isEmpty() || model.isEmpty()) {
            throw new IllegalArgumentException(
                    "expected a pattern and a model, found an empty one");
        }
        return new Rule(ModelPattern.of(pattern), model);
    }
}
