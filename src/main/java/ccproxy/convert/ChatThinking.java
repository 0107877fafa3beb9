package ccproxy.convert;

import ccproxy.wire.Field;
import ccproxy.wire.Json;
import ccproxy.wire.ModelRules;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// `reasoning_effort` and the `thinking` extension as the model's kind of thinking.
final class ChatThinking {
    /// The API's own minimum of a thinking budget.
    private static final int BUDGET_MIN = 1024;

    /// For models that think within a budget, not by effort.
    private static final Map<String, Integer> BUDGETS =
            Map.of(
                    "minimal", 1024, "low", 2048, "medium", 8192, "high", 16_384, "xhigh", 24_576,
                    "max", 32_000);

    private static final String BINDING_BETA = "thinking-binding-controls-2026-08-01";

    private final ModelRules rules;
    private final Warnings warnings;
    private ObjectNode thinking = Json.object();
    private String effort = "";
    private boolean isClientsOwn;
    private boolean isBinding;

    ChatThinking(ModelRules rules, Warnings warnings) {
        this.rules = rules;
        this.warnings = warnings;
    }

    /// Reads the request.
    ///
    /// @param suffix the effort that the model's name asks for, or `""`
    /// @param tokensMax of the answer
    void read(Field request, String suffix, int tokensMax) {
        Field field = request.get("reasoning_effort");
        Field reasoning = request.get("reasoning");
        if (!field.isPresent() && reasoning.isPresent()) {
            reasoning.object();
            field = reasoning.get("effort");
        }
        String wanted = field.text(suffix);
        Field extension = request.get("thinking");
        if (extension.isPresent()) {
            isBinding = extension.value().has("block_binding");
            extension(extension, tokensMax);
            if (!wanted.isEmpty() && !wanted.equals("none")) setEffort(field, wanted);
        } else if (!wanted.isEmpty()) {
            effort(field, wanted, tokensMax);
        }
    }

    private void effort(Field field, String wanted, int tokensMax) {
        if (wanted.equals("none")) {
            off(field.path());
            return;
        }
        if (!BUDGETS.containsKey(wanted)) {
            throw field.expectedOneOf("none, minimal, low, medium, high, xhigh, max");
        }
        if (rules.thinking().contains("adaptive")) {
            thinking = type("adaptive");
            setEffort(field, wanted);
        } else if (rules.thinking().contains("enabled")) {
            budget(field.path(), BUDGETS.get(wanted), tokensMax);
            setEffort(field, wanted);
        } else {
            warnings.add("reasoning_effort", "dropped");
        }
    }

    private void setEffort(Field field, String wanted) {
        if (rules.efforts().isEmpty()) return;
        String nearest = rules.effort(wanted.equals("minimal") ? "low" : wanted);
        if (!nearest.equals(wanted)) warnings.note("reasoning_effort", nearest);
        effort = nearest;
    }

    /// The nearest thing to not thinking that the model has.
    private void off(String path) {
        if (rules.thinking().contains("disabled")) {
            thinking = type("disabled");
        } else if (rules.thinking().contains("between_tools")) {
            thinking = type("between_tools");
            warnings.note(path, "between_tools");
        } else if (alwaysThinks()) {
            thinking = type("adaptive");
            if (!rules.efforts().isEmpty()) effort = rules.efforts().getFirst();
            warnings.note(path, effort.isEmpty() ? "dropped" : effort);
        }
    }

    private void budget(String path, int wanted, int tokensMax) {
        if (tokensMax <= BUDGET_MIN) {
            warnings.add(path, "dropped(max_tokens)");
            return;
        }
        // A quarter is left for the answer itself; the API wants budget < max_tokens.
        int most = Math.max(BUDGET_MIN, tokensMax / 4 * 3);
        thinking =
                type("enabled").put("budget_tokens", Math.min(Math.max(wanted, BUDGET_MIN), most));
    }

    /// Anthropic's own field, sent by clients that know it: kept whole where the model has that
    /// kind.
    private void extension(Field field, int tokensMax) {
        ObjectNode given = field.object();
        String type = field.get("type").text();
        if (rules.thinking().contains(type)) {
            thinking = given.deepCopy();
            isClientsOwn = true;
            return;
        }
        switch (type) {
            case "enabled" -> {
                if (!rules.thinking().contains("adaptive")) {
                    warnings.add(field.path(), "dropped");
                    return;
                }
                thinking = given.deepCopy().put("type", "adaptive");
                thinking.remove("budget_tokens");
                if (!rules.efforts().isEmpty())
                    effort = rules.effort(effortOf(given.path("budget_tokens").asInt(0)));
                warnings.add(field.path(), "adaptive");
            }
            case "adaptive" -> {
                warnings.add(
                        field.path(), rules.thinking().contains("enabled") ? "enabled" : "dropped");
                if (rules.thinking().contains("enabled"))
                    budget(field.path(), BUDGETS.get("high"), tokensMax);
            }
            case "disabled", "between_tools" -> off(field.path());
            // A kind of a later day.
            default -> {
                thinking = given.deepCopy();
                isClientsOwn = true;
            }
        }
    }

    /// Whether there is no way to keep it from thinking. Models that think only when told to are
    /// kept from it by silence.
    private boolean alwaysThinks() {
        return rules.thinking().contains("adaptive")
                && !rules.thinking().contains("enabled")
                && !rules.thinking().contains("disabled");
    }

    /// Asks for the summary of adaptive thinking, which newer models leave empty by default: the
    /// client is to read it. It also holds what models of the 5.5 family say between two calls, so
    /// with tools it is asked for even when the client did not ask for thinking, if the model
    /// thinks anyway. A client that sends `thinking` itself gets what it sends.
    void show(boolean hasNoTools) {
        if (isClientsOwn) return;
        if (thinking.isEmpty() && alwaysThinks() && !hasNoTools) thinking = type("adaptive");
        if (thinking.path("type").asString("").equals("adaptive"))
            thinking.putIfAbsent("display", thinking.stringNode("summarized"));
    }

    private static String effortOf(int budget) {
        if (budget <= BUDGETS.get("low")) return "low";
        if (budget <= BUDGETS.get("medium")) return "medium";
        return "high";
    }

    private static ObjectNode type(String type) {
        return Json.object().put("type", type);
    }

    /// Thinking within a budget wants the thinking of earlier calls back; without it, not at all.
    void historyLacksThinking() {
        if (!thinking.path("type").asString("").equals("enabled")) return;
        thinking = rules.thinking().contains("disabled") ? type("disabled") : Json.object();
        warnings.note("reasoning_effort", "off(history_lacks_thinking)");
    }

    /// {@return whether the model thinks, which forbids forced calls and most sampling}
    boolean isOn() {
        String type = thinking.path("type").asString("");
        return type.equals("enabled") || type.equals("adaptive");
    }

    /// {@return the betas that what was asked for needs}
    Set<String> betas() {
        var betas = new TreeSet<String>();
        if (!effort.isEmpty() && !rules.effortBeta().isEmpty()) betas.add(rules.effortBeta());
        if (isBinding) betas.add(BINDING_BETA);
        return betas;
    }

    /// Writes `thinking` and `output_config.effort`.
    void write(ObjectNode body) {
        if (!thinking.isEmpty()) body.set("thinking", thinking);
        if (effort.isEmpty()) return;
        // Above high the API wants thinking on (versions of 2026-11).
        boolean isOff = !thinking.isEmpty() && !isOn();
        String level =
                isOff && (effort.equals("xhigh") || effort.equals("max"))
                        ? rules.effort("high")
                        : effort;
        JsonNode config = body.path("output_config");
        ObjectNode made =
                config instanceof ObjectNode object ? object : body.putObject("output_config");
        if (!made.has("effort")) made.put("effort", level);
    }
}
