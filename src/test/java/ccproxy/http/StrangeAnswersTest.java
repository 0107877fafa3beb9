package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.wire.Json;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// An upstream that says something else than the API has, at each place of an answer. Whatever it
/// is, the client hears an answer or an error, and the server does not trip over it.
class StrangeAnswersTest {
    private static final JsonNode OTHERS =
            Json.tree("[null, -1, \"x\", [null], {\"type\":\"text\"}]");

    private static final String MESSAGE =
            """
            {"id":"msg_1","type":"message","role":"assistant","model":"m","content":[
              {"type":"thinking","thinking":"t","signature":"s"},
              {"type":"text","text":"a","citations":[{"type":"char_location","cited_text":"c","document_index":0,"start_char_index":0,"end_char_index":1}]},
              {"type":"server_tool_use","id":"s1","name":"web_search","input":{}},
              {"type":"tool_use","id":"t1","name":"f","input":{"a":1}}],
             "stop_reason":"tool_use","stop_sequence":null,
             "usage":{"input_tokens":9,"cache_read_input_tokens":5,"output_tokens":1,"output_tokens_details":{"thinking_tokens":3}}}
            """;

    private static final String EVENTS =
            """
            [{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"usage":{"input_tokens":9,"output_tokens":1}}},
             {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}},
             {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"t"}},
             {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"s"}},
             {"type":"content_block_stop","index":0},
             {"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}},
             {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"a"}},
             {"type":"content_block_delta","index":1,"delta":{"type":"citations_delta","citation":{"type":"web_search_result_location","url":"u","title":"t","cited_text":"c"}}},
             {"type":"content_block_stop","index":1},
             {"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"t1","name":"f","input":{}}},
             {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{}"}},
             {"type":"content_block_stop","index":2},
             {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":7}},
             {"type":"message_stop"}]
            """;

    @ParameterizedTest
    @EnumSource
    void wholeAnswer(Api api) throws IOException {
        List<JsonNode> all = strange(Json.tree(MESSAGE));
        try (var upstream = FakeUpstream.of(c -> c.json(200, all.get(asked(c)).toString()));
                var server = new TestServer().upstream(upstream.url()).start()) {
            for (int i = 0; i < all.size(); i++) {
                var answer = server.post(api.path, request(api, i, false));
                String what = all.get(i) + " becomes " + answer.body();
                assertNotEquals(500, answer.statusCode(), what);
                assertTrue(Json.tree(answer.body()).isObject(), what);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void stream(Api api) throws IOException {
        List<JsonNode> all = strange(Json.tree(EVENTS));
        try (var upstream =
                        FakeUpstream.of(c -> {
                            c.stream();
                            for (JsonNode event : all.get(asked(c))) c.chunk(sse(event));
                        });
                var server = new TestServer().upstream(upstream.url()).start()) {
            for (int i = 0; i < all.size(); i++) {
                var answer = server.post(api.path, request(api, i, true));
                String what = all.get(i) + " becomes " + answer.body();
                assertNotEquals(500, answer.statusCode(), what);
                boolean isError = answer.body().contains("\"error\"");
                assertTrue(isError != api.isWhole(answer.body()), what);
                assertFalse(answer.body().contains("internal error"), what);
            }
        }
    }

    private static String request(Api api, int number, boolean isStream) {
        return api.request("x", isStream).put("model", "m-" + number).toString();
    }

    /// Which of them a request asks for.
    private static int asked(FakeUpstream.Connection c) {
        String model = Json.tree(c.request.body()).path("model").asString("m-0");
        return Integer.parseInt(model.substring(2));
    }

    private static String sse(JsonNode event) {
        return "event: " + event.path("type").asString("x") + "\ndata: " + event + "\n\n";
    }

    /// {@return copies of a tree, in each of which one thing in it is another or is not there}
    private static List<JsonNode> strange(JsonNode tree) {
        var all = new ArrayList<JsonNode>();
        if (tree instanceof ObjectNode object) {
            for (String name : object.propertyNames()) {
                ObjectNode without = object.deepCopy();
                without.remove(name);
                all.add(without);
                for (JsonNode other : others(object.get(name)))
                    all.add(object.deepCopy().set(name, other));
            }
        } else if (tree instanceof ArrayNode array) {
            for (int i = 0; i < array.size(); i++) {
                ArrayNode without = array.deepCopy();
                without.remove(i);
                all.add(without);
                for (JsonNode other : others(array.get(i))) {
                    ArrayNode with = array.deepCopy();
                    with.set(i, other);
                    all.add(with);
                }
            }
        }
        return all;
    }

    private static List<JsonNode> others(JsonNode value) {
        List<JsonNode> others = strange(value);
        OTHERS.forEach(others::add);
        return others;
    }
}
