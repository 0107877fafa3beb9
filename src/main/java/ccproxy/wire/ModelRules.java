package ccproxy.wire;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/// What one model accepts: the `capabilities` that `GET /v1/models` tells, and the `rules` that it
/// does not tell. Both are data; no model is named in code.
///
/// @param id the model these are for
/// @param tokensMax the longest answer
/// @param thinking the kinds it knows, of `adaptive`, `enabled`, `disabled`, `between_tools`
/// @param efforts the levels it knows, lowest first; empty when it has none
/// @param effortBeta the beta that effort needs, or `""`
/// @param hasStructuredOutputs whether it takes a JSON schema for its answer
/// @param hasImages whether it reads images
/// @param hasPdfs whether it reads PDF documents
/// @param sampling which sampling fields it accepts
/// @param hasPrefill whether the last message may be the assistant's
/// @param hasForcedTools whether a call can be forced
/// @param hasSystemTurns whether a system message may stand between turns
/// @param webSearchTool the newest web search tool it has, or `""`
public record ModelRules(
        String id,
        int tokensMax,
        Set<String> thinking,
        List<String> efforts,
        String effortBeta,
        boolean hasStructuredOutputs,
        boolean hasImages,
        boolean hasPdfs,
        Sampling sampling,
        boolean hasPrefill,
        boolean hasForcedTools,
        boolean hasSystemTurns,
        String webSearchTool) {
    /// The effort levels of the API, lowest first.
    public static final List<String> EFFORTS = List.of("low", "medium", "high", "xhigh", "max");

    /// Which of `temperature`, `top_p` and `top_k` a model accepts.
    public enum Sampling {
        /// Any.
        ALL,
        /// `temperature` or `top_p`, not both.
        ONE,
        /// None but the default values.
        NONE
    }

    /// {@return the rules in a model object of `GET /v1/models` with our `rules` beside}
    public static ModelRules of(JsonNode model, JsonNode rules) {
        JsonNode can = model.path("capabilities");
        var thinking = new HashSet<String>();
        if (isSupported(can.path("thinking"))) {
            for (var type : can.path("thinking").path("types").properties()) {
                if (isSupported(type.getValue())) thinking.add(type.getKey());
            }
        }
        var efforts = new ArrayList<String>();
        for (String effort : EFFORTS) {
            if (isSupported(can.path("effort").path(effort))) efforts.add(effort);
        }
        return new ModelRules(
                model.path("id").asString(""),
                model.path("max_tokens").asInt(0),
                Set.copyOf(thinking),
                List.copyOf(efforts),
                rules.path("effort_beta").asString(""),
                isSupported(can.path("structured_outputs")),
                isSupported(can.path("image_input")),
                isSupported(can.path("pdf_input")),
                Sampling.valueOf(
                        rules.path("sampling").asString("none").toUpperCase(java.util.Locale.ROOT)),
                rules.path("prefill").asBoolean(false),
                rules.path("forced_tools").asBoolean(false),
                rules.path("system_turns").asBoolean(false),
                rules.path("web_search_tool").asString(""));
    }

    /// {@return the same rules for a model of another name}
    public ModelRules named(String name) {
        return new ModelRules(
                name,
                tokensMax,
                thinking,
                efforts,
                effortBeta,
                hasStructuredOutputs,
                hasImages,
                hasPdfs,
                sampling,
                hasPrefill,
                hasForcedTools,
                hasSystemTurns,
                webSearchTool);
    }

    /// {@return the highest level the model has that is not above `wanted`; its lowest when all are
    /// above}
    public String effort(String wanted) {
        int limit = EFFORTS.indexOf(wanted);
        String found = efforts.getFirst();
        for (String effort : efforts) {
            if (EFFORTS.indexOf(effort) <= limit) found = effort;
        }
        return found;
    }

    private static boolean isSupported(JsonNode capability) {
        return capability.path("supported").asBoolean(false);
    }
}
