package ccproxy.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.ObjectNode;

/// What no client should send: a 4xx in its API's shape that says where, what was expected and what
/// was found; and then business as usual.
class BadInputTest {
    private TestServer server;

    @BeforeEach
    void start() {
        server = new TestServer().start();
    }

    @AfterEach
    void stop() {
        for (Api api : Api.values())
            assertEquals(200, server.post(api.path, api.body("still there?")).statusCode());
        server.close();
    }

    @ParameterizedTest
    @EnumSource
    void nothing(Api api) throws IOException {
        refuses(api, "", "body: expected a JSON object, found nothing");
        refuses(api, "  \r\n\t ", "body: expected a JSON object, found nothing");
    }

    @ParameterizedTest
    @EnumSource
    void noBodyAtAll(Api api) throws IOException {
        try (RawClient client = server.raw()) {
            client.write("POST " + api.path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
            var answer = client.answer();
            assertEquals(400, answer.status());
            assertEquals("body: expected a JSON object, found nothing", api.error(answer.body()));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "hello                       | body: expected JSON, found something else",
                "model=x&messages=y          | body: expected JSON, found something else",
                "{'model':'x'}               | body: expected JSON, found something else",
                "{\"model\":}                | body: expected JSON, found something else",
                "{\"model\":NaN}             | body: expected JSON, found something else",
                "{\"model\":\"x\"} trailing  | body: expected JSON, found something else",
                "{\"model\":\"x\"}{}         | body:",
                "[]                          | body: expected a JSON object, found an array",
                "[{\"model\":\"x\"}]         | body: expected a JSON object, found an array",
                "\"text\"                    | body: expected a JSON object, found a string",
                "5                           | body: expected a JSON object, found an integer",
                "null                        | body: expected a JSON object, found null",
                "true                        | body: expected a JSON object, found a boolean",
                "{\"model\":\"x\",\"mess     | body: the JSON ends too early",
                "{\"model\":\"x\"            | body: the JSON ends too early",
                "{\"model\":\"x              | body: the JSON ends too early",
                "{\"model\":\"x\",\"model\":\"y\"} | body: a property is given twice at line 1",
                "{\"a\":{\"b\":1,\"b\":2}}   | body: a property is given twice at line 1",
                "{\"model\":\"a\\qb\"}       | body: expected JSON, found something else",
                "{\"model\":\"a\\ud83\"}     | body: expected JSON, found something else"
            })
    void notAnObject(String body, String message) throws IOException {
        for (Api api : Api.values()) refuses(api, body, message);
    }

    @ParameterizedTest
    @EnumSource
    void nestingWithoutEnd(Api api) throws IOException {
        String more = "body: expected at most 512 levels of nesting, found more";
        refuses(api, "{\"a\":" + "[".repeat(200_000), more);
        refuses(api, "{\"a\":".repeat(100_000), more);
        String within = "[".repeat(500) + "]".repeat(500);
        var answer = server.post(api.path, "{\"a\":" + within + "}");
        assertTrue(api.error(answer.body()).startsWith("model: "), answer.body());
    }

    @ParameterizedTest
    @EnumSource
    void bytesThatAreNoUtf8(Api api) throws IOException {
        for (byte[] bad :
                new byte[][] {
                    {(byte) 0xC3, 0x28},
                    {(byte) 0xFF},
                    {(byte) 0xE2, (byte) 0x82}
                }) {
            String message = refuses(api, bytes("{\"model\":\"", bad, "\"}"), "body: ");
            assertTrue(message.contains("UTF-8"), message);
        }
        refuses(
                api,
                "{\"model\":\"x\"}".getBytes(java.nio.charset.StandardCharsets.UTF_16),
                "body: ");
    }

    @ParameterizedTest
    @EnumSource
    void byteOrderMark(Api api) throws IOException {
        String expected = "body: expected a JSON object, found a byte order mark";
        refuses(api, "\uFEFF" + api.body("hello"), expected);
    }

    @ParameterizedTest
    @EnumSource
    void bareNulBytes(Api api) throws IOException {
        refuses(api, "\0\0\0\0", "body: expected JSON, found something else");
        refuses(api, api.body("hello") + "\0", "body: expected JSON, found something else");
    }

    @ParameterizedTest
    @EnumSource
    void nulInATextIsText(Api api) {
        var answer = server.post(api.path, api.body("a\0b"));
        assertEquals(200, answer.statusCode());
        assertEquals("a\0b", api.text(answer.body()));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "model       | 5            | model: expected a string, found an integer",
                "model       | null         | model: expected a string, found null",
                "model       | {}           | model: expected a string, found an object",
                "model       | \"\"         | model: expected a ",
                "messages    | \"hello\"    | messages: expected an array, found a string",
                "messages    | {}           | messages: expected an array, found an object",
                "messages    | null         | messages: expected an array, found null",
                "messages    | []           | messages: expected at least one message",
                "messages    | [5]          | messages[0]: expected an object, found an integer",
                "messages    | [{}]         | messages[0].role: expected",
                "messages    | [{\"role\":5}] | messages[0].role: expected a string, found an integer",
                "messages    | [{\"role\":\"user\",\"content\":5}] | messages[0].content: expected",
                "messages    | [{\"role\":\"user\",\"content\":[5]}] | messages[0].content[0]: expected an object, found an integer",
                "messages    | [{\"role\":\"user\",\"content\":[{\"type\":7}]}] | messages[0].content[0].type: expected",
                "stream      | \"yes\"      | stream: expected true or false, found a string",
                "stream      | 1            | stream: expected true or false, found an integer",
                "max_tokens  | \"many\"     | max_tokens: expected an integer",
                "max_tokens  | -1           | max_tokens: expected an integer",
                "max_tokens  | 1.5          | max_tokens: expected an integer",
                "max_tokens  | 99999999999999999999999 | max_tokens: expected an integer",
                "max_tokens  | 1e999999999  | max_tokens: expected an integer",
                "max_tokens  | true         | max_tokens: expected an integer"
            })
    void wrongTypeIsNamedWithItsPath(String field, String value, String message)
            throws IOException {
        for (Api api : Api.values()) {
            ObjectNode request = api.request("hello", false);
            request.remove(field);
            String rest = request.toString().substring(1);
            refuses(api, "{\"" + field + "\":" + value + "," + rest, message);
        }
    }

    @ParameterizedTest
    @CsvSource({"model", "messages"})
    void missingFieldIsNamed(String field) throws IOException {
        for (Api api : Api.values()) {
            ObjectNode request = api.request("hello", false);
            request.remove(field);
            refuses(api, request.toString(), field + ": expected");
        }
    }

    @Test
    void missingLimitIsNamedWhereTheApiNeedsIt() throws IOException {
        ObjectNode request = Api.MESSAGES.request("hello", false);
        request.remove("max_tokens");
        refuses(Api.MESSAGES, request.toString(), "max_tokens: expected an integer");
        ObjectNode chat = Api.CHAT.request("hello", false);
        chat.remove("max_tokens");
        assertEquals(200, server.post(Api.CHAT.path, chat.toString()).statusCode());
    }

    @ParameterizedTest
    @EnumSource
    void roleThatNobodyKnows(Api api) throws IOException {
        ObjectNode request = api.request("hello", false);
        request.putArray("messages").addObject().put("role", "robot").put("content", "x");
        String message = refuses(api, request.toString(), "messages[0].role: expected one of");
        assertTrue(message.contains("found \"robot\""), message);
    }

    @ParameterizedTest
    @EnumSource
    void numberOfAThousandDigitsAndMore(Api api) throws IOException {
        String request = api.request("hello", false).toString().substring(1);
        refuses(api, "{\"x\":" + "9".repeat(100_000) + "," + request, "body: ");
        refuses(api, "{\"x\":0." + "9".repeat(100_000) + "," + request, "body: ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "text/plain",
                "application/x-www-form-urlencoded",
                "multipart/form-data; boundary=x",
                "application/jsonp",
                "Text/HTML; charset=utf-8"
            })
    void bodyThatSaysItIsSomethingElse(String type) {
        for (Api api : Api.values()) {
            var answer = server.post(api.path, api.body("hello"), "content-type", type);
            assertEquals(400, answer.statusCode());
            String found = type.toLowerCase(java.util.Locale.ROOT).split(";")[0];
            assertEquals(
                    "content-type: expected application/json, found " + found,
                    api.error(answer.body()));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "application/json",
                "application/json; charset=utf-8",
                "Application/JSON",
                "application/vnd.api+json",
                ""
            })
    void bodyThatSaysItIsJsonInAnyWayOrSaysNothing(String type) throws IOException {
        String body = Api.CHAT.body("hello");
        String header = type.isEmpty() ? "" : "Content-Type: " + type + "\r\n";
        try (RawClient client = server.raw()) {
            client.write(
                    "POST %s HTTP/1.1\r\nHost: localhost\r\n%sContent-Length: %d\r\n\r\n%s"
                            .formatted(Api.CHAT.path, header, body.length(), body));
            assertEquals(200, client.answer().status());
        }
    }

    private String refuses(Api api, String body, String message) throws IOException {
        return refuses(api, body.getBytes(UTF_8), message);
    }

    private String refuses(Api api, byte[] body, String message) throws IOException {
        try (RawClient client = server.raw()) {
            var answer = client.post(api.path, body).answer();
            assertEquals(400, answer.status(), answer.body());
            assertEquals("application/json", answer.header("content-type"));
            String found = api.error(answer.body());
            assertTrue(found.startsWith(message), found);
            return found;
        }
    }

    private static byte[] bytes(String before, byte[] bad, String after) {
        var bytes = new ByteArrayOutputStream();
        bytes.writeBytes(before.getBytes(UTF_8));
        bytes.writeBytes(bad);
        bytes.writeBytes(after.getBytes(UTF_8));
        return bytes.toByteArray();
    }
}
