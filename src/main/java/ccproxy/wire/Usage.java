package ccproxy.wire;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Tokens of one answer as Claude counts them: `inputTokens` excludes both cache counts,
/// `outputTokens` is the billed total and includes `thinkingTokens`.
///
/// @param inputTokens read anew
/// @param outputTokens written
/// @param cacheReadTokens read from the cache
/// @param cacheCreationTokens written to the cache
/// @param thinkingTokens the part of the output spent on thinking
public record Usage(
        long inputTokens,
        long outputTokens,
        long cacheReadTokens,
        long cacheCreationTokens,
        long thinkingTokens) {
    /// Nothing counted yet.
    public static final Usage NONE = new Usage(0, 0, 0, 0, 0);

    /// {@return the counts of a `usage` object; null and absent ones are zero}
    public static Usage of(JsonNode raw) {
        return NONE.updated(raw);
    }

    /// {@return these counts with those of a later `usage` object, which are totals: each that is
    /// there replaces, none adds}
    public Usage updated(JsonNode raw) {
        return new Usage(
                count(raw.path("input_tokens"), inputTokens),
                count(raw.path("output_tokens"), outputTokens),
                count(raw.path("cache_read_input_tokens"), cacheReadTokens),
                count(raw.path("cache_creation_input_tokens"), cacheCreationTokens),
                count(raw.path("output_tokens_details").path("thinking_tokens"), thinkingTokens));
    }

    private static long count(JsonNode value, long before) {
        return value.isIntegralNumber() && value.canConvertToLong() ? value.longValue() : before;
    }

    /// {@return OpenAI's `usage` object: its prompt tokens include what the cache read and wrote}
    public ObjectNode chat() {
        long prompt = inputTokens + cacheReadTokens + cacheCreationTokens;
        ObjectNode usage = Json.object();
        usage.put("prompt_tokens", prompt).put("completion_tokens", outputTokens);
        usage.put("total_tokens", prompt + outputTokens);
        usage.putObject("prompt_tokens_details")
                .put("cached_tokens", cacheReadTokens)
                .put("cache_write_tokens", cacheCreationTokens)
                .put("audio_tokens", 0);
        usage.putObject("completion_tokens_details")
                .put("reasoning_tokens", thinkingTokens)
                .put("audio_tokens", 0)
                .put("accepted_prediction_tokens", 0)
                .put("rejected_prediction_tokens", 0);
        return usage;
    }
}
