package ccproxy.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UsageTest {
    /// Case 62.
    @Test
    void promptTokensIncludeTheCache() {
        Usage usage =
                Usage.of(
                        Json.tree(
                                """
                                {"input_tokens":10,"cache_read_input_tokens":1733,"cache_creation_input_tokens":512,
                                 "output_tokens":5,"output_tokens_details":{"thinking_tokens":3}}
                                """));
        assertEquals(
                "{\"prompt_tokens\":2255,\"completion_tokens\":5,\"total_tokens\":2260,"
                        + "\"prompt_tokens_details\":{\"cached_tokens\":1733,\"cache_write_tokens\":512,\"audio_tokens\":0},"
                        + "\"completion_tokens_details\":{\"reasoning_tokens\":3,\"audio_tokens\":0,"
                        + "\"accepted_prediction_tokens\":0,\"rejected_prediction_tokens\":0}}",
                Json.text(usage.chat()));
    }

    @Test
    void whatHasAPriceOfItsOwnIsCounted() {
        String start =
                "{\"input_tokens\":1,\"cache_creation_input_tokens\":7,\"cache_creation\":{\"ephemeral_5m_input_tokens\":2,\"ephemeral_1h_input_tokens\":5}}";
        Usage usage = Usage.of(Json.tree(start));
        assertEquals(new Usage.Extras(5, 0), usage.extras());
        String end = "{\"output_tokens\":9,\"server_tool_use\":{\"web_search_requests\":3}}";
        usage = usage.updated(Json.tree(end));
        assertEquals(new Usage(1, 9, 0, 7, 0, new Usage.Extras(5, 3)), usage);
    }

    @Test
    void sumsAreKeptFromNonsense() {
        var usage = new Usage(-1, Long.MAX_VALUE, 1_000_000_000, 4, -5, new Usage.Extras(9, -2));
        assertEquals(
                new Usage(0, 1_000_000_000, 1_000_000_000, 4, 0, new Usage.Extras(4, 0)),
                usage.bounded());
    }

    /// Case 63.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "null",
                "{}",
                "[]",
                "{\"input_tokens\":null,\"output_tokens_details\":null}",
                "{\"input_tokens\":\"7\",\"output_tokens\":1e400,\"cache_read_input_tokens\":99999999999999999999}"
            })
    void whatIsNoCountIsZero(String raw) {
        assertEquals(Usage.NONE, Usage.of(Json.tree(raw)));
    }
}
