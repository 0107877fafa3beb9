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
/// @param extras what else has a price of its own
public record Usage(
        long inputTokens,
        long outputTokens,
        long cacheReadTokens,
        long cacheCreationTokens,
        long thinkingTokens,
        Extras extras) {
    /// Nothing counted yet.
    public static final Usage NONE = new Usage(0, 0, 0, 0, 0);

    /// No answer has more; an upstream that says so would spoil every sum.
    private static final long COUNT_MAX = 1_000_000_000;

    /// What has a price of its own.
    ///
    /// @param cacheCreation1hTokens the part of the tokens written to the cache that is kept for an
    ///   hour; the rest is kept for five minutes
    /// @param webSearches searches that the server did
    public record Extras(long cacheCreation1hTokens, long webSearches) {
        /// Nothing counted yet.
        public static final Extras NONE = new Extras(0, 0);
    }

    /// Counts without extras.
    public Usage(
            long inputTokens,
            long outputTokens,
            long cacheReadTokens,
            long cacheCreationTokens,
            long thinkingTokens) {
        this(
                inputTokens,
                outputTokens,
                cacheReadTokens,
                cacheCreationTokens,
                thinkingTokens,
                Extras.NONE);
    }

    /// {@return whether nothing was counted}; a record's own `equals` is made at run time, which
    /// the first answer after a start would wait for.
    public boolean isNothing() {
        long prompt = inputTokens | cacheReadTokens | cacheCreationTokens;
        return (prompt | outputTokens | thinkingTokens | extras.webSearches) == 0;
    }

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
                count(raw.path("output_tokens_details").path("thinking_tokens"), thinkingTokens),
                extras(raw));
    }

    private Extras extras(JsonNode raw) {
        JsonNode hour = raw.path("cache_creation").path("ephemeral_1h_input_tokens");
        JsonNode searches = raw.path("server_tool_use").path("web_search_requests");
        if (hour.isMissingNode() && searches.isMissingNode()) return extras;
        return new Extras(
                count(hour, extras.cacheCreation1hTokens), count(searches, extras.webSearches));
    }

    /// {@return these counts as sums can take them: none negative, none beyond what an answer can
    /// have}
    public Usage bounded() {
        long creation = bounded(cacheCreationTokens);
        return new Usage(
                bounded(inputTokens),
                bounded(outputTokens),
                bounded(cacheReadTokens),
                creation,
                bounded(thinkingTokens),
                new Extras(
                        Math.min(creation, bounded(extras.cacheCreation1hTokens)),
                        bounded(extras.webSearches)));
    }

    private static long bounded(long count) {
        return Math.clamp(count, 0, COUNT_MAX);
    }

    /// {@return all tokens that were read, from the cache or not}
    public long promptTokens() {
        return inputTokens + cacheReadTokens + cacheCreationTokens;
    }

    /// {@return what counts against a limit}: what was read anew, written, and put into the cache.
    /// What comes out of the cache is left out, as Anthropic's own limits do: it costs a tenth.
    public long limitedTokens() {
        return inputTokens + outputTokens + cacheCreationTokens;
    }

    private static long count(JsonNode value, long before) {
        return value.isIntegralNumber() && value.canConvertToLong() ? value.longValue() : before;
    }

    /// {@return OpenAI's `usage` object: its prompt tokens include what the cache read and wrote}
    public ObjectNode chat() {
        long prompt = promptTokens();
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
