package ccproxy.convert;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import ccproxy.wire.Json;
import ccproxy.wire.MessagesRequest;
import ccproxy.wire.ModelRules;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Case 47 and all that is wrong in a request: the message names path, expectation and finding, and
/// nothing but an [ApiException] ever comes out.
class WrongRequestTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    'messages':1                    | messages: expected an array, found an integer
                    'messages':[]                   | messages: expected at least one message
                    'messages':['x']                | messages[0]: expected an object, found a string
                    'messages':[{}]                 | messages[0].role: expected a string, found nothing
                    'messages':[{'role':'bot'}]     | messages[0].role: expected one of system, developer, user, assistant, tool, function, found "bot"
                    'messages':[{'role':'user','content':1}]       | messages[0].content: expected a string or an array of parts, found an integer
                    'messages':[{'role':'user','content':[1]}]     | messages[0].content[0]: expected an object, found an integer
                    'messages':[{'role':'user','content':[{}]}]    | messages[0].content[0].type: expected a string, found nothing
                    'messages':[{'role':'user','content':[{'type':'text'}]}]  | messages[0].content[0].text: expected a string, found nothing
                    'messages':[{'role':'user','content':[{'type':'video'}]}] | messages[0].content[0].type: expected one of text, image_url, file, found "video"
                    'messages':[{'role':'user','content':[{'type':'image_url'}]}] | messages[0].content[0].image_url.url: expected a string, found nothing
                    'messages':[{'role':'user','content':[{'type':'image_url','image_url':{'url':1}}]}] | messages[0].content[0].image_url.url: expected a string, found an integer
                    'messages':[{'role':'user','content':[{'type':'file'}]}] | messages[0].content[0].file: expected an object, found nothing
                    'messages':[{'role':'system','content':[{'type':'image_url'}]}] | messages[0].content[0].type: expected one of text, refusal, found "image_url"
                    'messages':[{'role':'assistant','tool_calls':{}}]   | messages[0].tool_calls: expected an array, found an object
                    'messages':[{'role':'assistant','tool_calls':[1]}]  | messages[0].tool_calls[0]: expected an object, found an integer
                    'messages':[{'role':'assistant','tool_calls':[{}]}] | messages[0].tool_calls[0].id: expected a string, found nothing
                    'messages':[{'role':'assistant','tool_calls':[{'id':'a'}]}] | messages[0].tool_calls[0].function: expected an object, found nothing
                    'messages':[{'role':'assistant','tool_calls':[{'id':'a','function':{}}]}] | messages[0].tool_calls[0].function.name: expected a string, found nothing
                    'messages':[{'role':'assistant','tool_calls':[{'id':'a','function':{'name':'f','arguments':[]}}]}] | messages[0].tool_calls[0].function.arguments: expected a string, found an array
                    'messages':[{'role':'assistant','function_call':1}] | messages[0].function_call: expected an object, found an integer
                    'messages':[{'role':'assistant','refusal':1}]       | messages[0].refusal: expected a string, found an integer
                    'messages':[{'role':'tool','content':'x'}]          | messages[0].tool_call_id: expected a string, found nothing
                    'messages':[{'role':'function','content':'x'}]      | messages[0].name: expected a string, found nothing
                    'max_tokens':'9'                | max_tokens: expected an integer, found a string
                    'max_tokens':1.5                | max_tokens: expected an integer, found a number
                    'temperature':'0'               | temperature: expected a number, found a string
                    'temperature':2.1               | temperature: expected a number from 0 to 2, found 2.1
                    'temperature':1e999             | temperature: expected a number of common size, found 1E+999
                    'top_p':-0.1                    | top_p: expected a number from 0 to 1, found -0.1
                    'top_k':0.5                     | top_k: expected an integer, found a number
                    'n':0                           | n: expected an integer from 1 to 128, found 0
                    'n':true                        | n: expected an integer, found a boolean
                    'stop':1                        | stop: expected a string or an array of strings, found an integer
                    'stop':[1]                      | stop[0]: expected a string, found an integer
                    'stream':'yes'                  | stream: expected true or false, found a string
                    'stream_options':1              | stream_options: expected an object, found an integer
                    'stream_options':{'include_usage':1} | stream_options.include_usage: expected true or false, found an integer
                    'tools':{}                      | tools: expected an array, found an object
                    'tools':[1]                     | tools[0]: expected an object, found an integer
                    'tools':[{'type':1}]            | tools[0].type: expected a string, found an integer
                    'tools':[{}]                    | tools[0].type: expected a tool type, found nothing
                    'tools':[{'type':'function'}]   | tools[0].function: expected an object, found nothing
                    'tools':[{'type':'function','function':{}}] | tools[0].function.name: expected a string, found nothing
                    'tools':[{'type':'function','function':{'name':''}}] | tools[0].function.name: expected a non-empty string, found an empty one
                    'tools':[{'type':'function','function':{'name':'f','parameters':[]}}] | tools[0].function.parameters: expected an object, found an array
                    'tools':[{'type':'function','function':{'name':'f','strict':1}}] | tools[0].function.strict: expected true or false, found an integer
                    'tools':[{'type':'function','function':{'name':'f','description':1}}] | tools[0].function.description: expected a string, found an integer
                    'tools':[{'type':'custom','custom':{}}] | tools[0].custom.name: expected a string, found nothing
                    'tools':[{'type':'custom','custom':1}]  | tools[0].custom: expected an object, found an integer
                    'functions':[{}]                | functions[0].name: expected a string, found nothing
                    'tool_choice':'some'            | tool_choice: expected one of none, auto, required, found "some"
                    'tool_choice':1                 | tool_choice: expected an object, found an integer
                    'tool_choice':{}                | tool_choice.type: expected one of function, custom, allowed_tools, found nothing
                    'tool_choice':{'type':'function','function':{'name':'f'}} | tool_choice.function.name: expected the name of one of the tools, found "f"
                    'tool_choice':{'type':'allowed_tools','allowed_tools':{'tools':1}} | tool_choice.allowed_tools.tools: expected an array, found an integer
                    'parallel_tool_calls':1         | parallel_tool_calls: expected true or false, found an integer
                    'web_search_options':1          | web_search_options: expected an object, found an integer
                    'web_search_options':{'search_context_size':'x'} | web_search_options.search_context_size: expected one of low, medium, high, found "x"
                    'web_search_options':{'user_location':{}} | web_search_options.user_location.approximate: expected an object, found nothing
                    'response_format':1             | response_format: expected an object, found an integer
                    'response_format':{'type':'xml'} | response_format.type: expected one of text, json_object, json_schema, found "xml"
                    'response_format':{'type':'json_schema'} | response_format.json_schema: expected an object, found nothing
                    'response_format':{'type':'json_schema','json_schema':{}} | response_format.json_schema.schema: expected an object, found nothing
                    'reasoning_effort':1            | reasoning_effort: expected a string, found an integer
                    'reasoning':1                   | reasoning: expected an object, found an integer
                    'reasoning':{'effort':'x'}      | reasoning.effort: expected one of none, minimal, low, medium, high, xhigh, max, found "x"
                    'thinking':1                    | thinking: expected an object, found an integer
                    'thinking':{}                   | thinking.type: expected a string, found nothing
                    'user':1                        | user: expected a string, found an integer
                    'service_tier':1                | service_tier: expected a string, found an integer
                    'modalities':'text'             | modalities: expected an array, found a string
                    'modalities':['text','audio']   | modalities[1]: expected one of text, found "audio"
                    'model':1                       | model: expected a string, found an integer
                    'model':''                      | model: expected a non-empty string, found an empty one
                    """)
    void wrongTypesAreNamed(String field, String message) {
        String name = field.substring(1, field.indexOf('\'', 1));
        String rest = name.equals("messages") ? "" : ",'messages':[{'role':'user','content':'x'}]";
        String model = name.equals("model") ? "" : ",'model':'m'";
        ApiException e = Conversion.refused(Models.OLD, "{" + field + rest + model + "}", message);
        assertEquals(ErrorKind.INVALID_REQUEST, e.kind());
        String param =
                Json.tree(new String(e.chatBody(), StandardCharsets.UTF_8))
                        .at("/error/param")
                        .asString();
        assertTrue(message.startsWith(param + ": "), param);
    }

    @Test
    void argumentsAreAsDeepAsTheLimitAndCanStillBeSent() {
        String deep = "{\"a\":".repeat(512) + "1" + "}".repeat(512);
        ObjectNode request = Json.object().put("model", "m");
        ArrayNode messages = request.putArray("messages");
        messages.addObject().put("role", "user").put("content", "x");
        messages.addObject()
                .put("role", "assistant")
                .putArray("tool_calls")
                .addObject()
                .put("id", "a")
                .putObject("function")
                .put("name", "f")
                .put("arguments", deep);
        var options = Conversion.options(Models.OLD);
        var converted =
                ChatToMessages.convert(request, options, Conversion.DISPLAY, new Warnings(false));
        String body = new String(converted.request().body(), StandardCharsets.UTF_8);
        assertTrue(body.contains(deep));
    }

    private static final List<String> VALUES =
            List.of(
                    "null",
                    "true",
                    "0",
                    "-1",
                    "1.5",
                    "1e999",
                    "99999999999999999999",
                    "\"\"",
                    "\"x\"",
                    "\"\\ud800\"",
                    "[]",
                    "[null]",
                    "[[]]",
                    "{}",
                    "{\"type\":\"text\"}",
                    "{\"type\":null}",
                    "\"data:;,x\"",
                    "\"data:,%\"",
                    "\"https://x\"",
                    "\"function\"",
                    "[{\"type\":\"x\"}]",
                    "\"none\"",
                    "\"tool\"",
                    "{\"a\":{\"b\":[1]}}");

    private static void places(JsonNode node, List<Runnable> all, Random random) {
        if (node instanceof ObjectNode object) {
            for (String name : List.copyOf(object.propertyNames())) {
                all.add(() -> object.set(name, value(random)));
                all.add(() -> object.remove(name));
                places(object.get(name), all, random);
            }
        } else if (node instanceof ArrayNode array) {
            for (int i = 0; i < array.size(); i++) {
                int at = i;
                all.add(() -> array.set(at, value(random)));
                all.add(() -> array.insert(at, array.get(at).deepCopy()));
                places(array.get(i), all, random);
            }
        }
    }

    private static JsonNode value(Random random) {
        return Json.tree(VALUES.get(random.nextInt(VALUES.size())));
    }

    private static ObjectNode mutated(Random random) {
        List<Golden> cases = GoldenTest.cases();
        ObjectNode request =
                Json.object(
                        "body", cases.get(random.nextInt(cases.size())).bytes("chat-request.json"));
        ObjectNode more =
                Json.object(
                        "body", cases.get(random.nextInt(cases.size())).bytes("chat-request.json"));
        if (random.nextBoolean()) request.setAll(more);
        request.put("thinking", "x");
        if (random.nextBoolean())
            request.set(
                    "thinking", Json.object().put("type", "enabled").put("budget_tokens", 5000));
        else request.remove("thinking");
        for (int i = 1 + random.nextInt(3); i > 0; i--) {
            var places = new ArrayList<Runnable>();
            places(request, places, random);
            places.get(random.nextInt(places.size())).run();
        }
        return request;
    }

    @Test
    void whateverIsSentIsConvertedOrRefused() {
        int refused = 0;
        int requests = 3000;
        for (int seed = 0; seed < requests; seed++) {
            var random = new Random(seed);
            ObjectNode request = mutated(random);
            ModelRules rules = Models.ALL.get(random.nextInt(Models.ALL.size()));
            try {
                Conversion converted =
                        Conversion.of(request, Conversion.options(rules), Conversion.DISPLAY);
                MessagesRequest.answer(Json.bytes(converted.body()));
            } catch (ApiException e) {
                refused++;
                assertSafe(e.getMessage());
            } catch (RuntimeException e) {
                fail("seed " + seed + ": " + Json.text(request), e);
            }
        }
        assertTrue(refused > requests / 10 && refused < requests, refused + " refused");
    }

    /// The bytes of a request, broken anywhere.
    @Test
    void whateverBytesAreSentAreReadOrRefused() {
        for (int seed = 0; seed < 3000; seed++) {
            var random = new Random(seed);
            byte[] bytes = GoldenTest.cases().get(0).bytes("chat-request.json");
            for (int i = 1 + random.nextInt(3); i > 0; i--)
                bytes[random.nextInt(bytes.length)] =
                        (byte)
                                (random.nextBoolean()
                                        ? random.nextInt(256)
                                        : "{}[]\",:0".charAt(random.nextInt(8)));
            try {
                ObjectNode request = Json.object("body", bytes);
                Conversion.of(request, Conversion.options(Models.OLD), Conversion.DISPLAY);
            } catch (ApiException e) {
                assertSafe(e.getMessage());
            } catch (RuntimeException e) {
                fail("seed " + seed, e);
            }
        }
    }

    private static void assertSafe(String message) {
        for (String word :
                new String[] {
                    "jackson",
                    "Jackson",
                    "Node",
                    "java.",
                    "Exception",
                    "StreamRead",
                    "ccproxy",
                    "`tools"
                }) assertFalse(message.contains(word), message);
    }

    /// What an upstream sends is no reason to fail either.
    @Test
    void whateverAnAnswerHoldsIsShown() {
        for (int seed = 0; seed < 2000; seed++) {
            var random = new Random(seed);
            Golden golden = GoldenTest.cases().get(random.nextInt(GoldenTest.cases().size()));
            if (golden.name().equals("whole")) continue;
            byte[] events = golden.bytes("message-events.sse");
            ObjectNode message = Golden.folded(events);
            var places = new ArrayList<Runnable>();
            places(message, places, random);
            places.get(random.nextInt(places.size())).run();
            Json.object("completion", golden.converted().answers().completion(message));
            for (int i = 0; i < 3; i++)
                events[random.nextInt(events.length)] = (byte) random.nextInt(256);
            try {
                Golden.chunks(new java.io.ByteArrayInputStream(events), golden.converted());
                golden.converted().answers().completion(Golden.folded(events));
            } catch (RuntimeException e) {
                fail("seed " + seed, e);
            }
        }
    }

    @Test
    void aRequestWithoutAModelIsRefused() {
        var e = assertThrows(ApiException.class, () -> ChatToMessages.model(Json.object()));
        assertEquals("model: expected a string, found nothing", e.getMessage());
        assertEquals(false, ChatToMessages.isStream(Json.object()));
        assertEquals(true, ChatToMessages.isStream(Json.object().put("stream", true)));
        ObjectNode request = GoldenTest.cases().getFirst().converted().body();
        assertEquals(true, ChatToMessages.hasAssistant(request));
        assertEquals(false, ChatToMessages.hasAssistant(Json.object()));
    }
}
