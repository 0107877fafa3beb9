package ccproxy.convert;

import ccproxy.wire.Json;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// How an answer's end looks to a Chat Completions client: the one place where a stop reason
/// becomes a finish reason.
final class Finish {
    private Finish() {}

    /// {@return the `finish_reason`}
    ///
    /// @param stopReason Claude's, `""` when it gave none
    /// @param hasCalls whether the answer calls a tool of the client
    static String reason(String stopReason, boolean hasCalls, ChatPlan plan, Warnings warnings) {
        String calls = plan.isLegacy() ? "function_call" : "tool_calls";
        return switch (stopReason) {
            // A call that was cut short must not be run.
            case "max_tokens", "model_context_window_exceeded", "pause_turn" -> "length";
            case "refusal" -> "content_filter";
            case "end_turn", "stop_sequence", "tool_use" -> hasCalls ? calls : "stop";
            default -> {
                warnings.note("stop_reason", stopReason.isEmpty() ? "none" : stopReason);
                yield hasCalls ? calls : "stop";
            }
        };
    }

    /// {@return what the model says of its refusal}
    static String refusal(JsonNode message, String text) {
        String explanation = message.path("stop_details").path("explanation").asString("");
        if (!explanation.isEmpty()) return explanation;
        return text.isEmpty() ? "The model declined to answer." : text;
    }

    /// {@return OpenAI's name of the tier that `usage` tells, `""` for none}
    static String serviceTier(JsonNode usage) {
        String tier = usage.path("service_tier").asString("");
        return switch (tier) {
            case "standard" -> "default";
            case "batch" -> "flex";
            default -> tier;
        };
    }

    /// {@return what has no place in OpenAI's format, under one name of ours}
    ///
    /// @param usage as Claude told it
    static ObjectNode extras(JsonNode message, JsonNode usage, Blocks blocks, String warnings) {
        ObjectNode extras = Json.object();
        String stopSequence = message.path("stop_sequence").asString("");
        if (!stopSequence.isEmpty()) extras.put("stop_sequence", stopSequence);
        if (!blocks.serverTools().isEmpty()) extras.set("server_tools", blocks.serverTools());
        if (!blocks.citations().isEmpty()) extras.set("citations", blocks.citations());
        if (!warnings.isEmpty()) extras.put("warnings", warnings);
        if (usage.isObject()) extras.set("usage", usage);
        return extras;
    }
}
