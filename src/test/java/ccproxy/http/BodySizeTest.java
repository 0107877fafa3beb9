package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.SocketException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.node.ObjectNode;

/// `max_body`: under it, at it and over it, with a length and in chunks.
class BodySizeTest {
    private static final int MAX = 10_000;

    private TestServer server;

    @BeforeEach
    void start() {
        server = new TestServer().bodyBytesMax(MAX).start();
    }

    @AfterEach
    void stop() {
        assertEquals(200, server.get("/health").statusCode());
        server.close();
    }

    @ParameterizedTest
    @EnumSource
    void bodyUnderAndAtTheLimitIsTaken(Api api) throws IOException {
        for (int size : new int[] {MAX - 1, MAX}) {
            try (RawClient client = server.raw()) {
                assertEquals(200, client.post(api.path, sized(api, size)).answer().status());
                chunked(client, api, sized(api, size));
                assertEquals(200, client.answer().status());
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void bodyOverTheLimitIsRefusedByItsLength(Api api) throws IOException {
        try (RawClient client = server.raw()) {
            var answer = client.post(api.path, sized(api, MAX + 1)).answer();
            assertEquals(413, answer.status());
            String message = api.error(answer.body());
            assertTrue(message.startsWith("body: expected at most 10000 bytes, found"), message);
            assertEquals("close", answer.header("connection"));
            assertTrue(client.isClosedByServer());
        }
    }

    @ParameterizedTest
    @EnumSource
    void bodyOverTheLimitIsRefusedInChunks(Api api) throws IOException {
        try (RawClient client = server.raw()) {
            chunked(client, api, sized(api, MAX + 1));
            var answer = client.answer();
            assertEquals(413, answer.status());
            assertEquals(
                    "body: expected at most 10000 bytes, found more", api.error(answer.body()));
        }
    }

    @ParameterizedTest
    @EnumSource
    void refusalComesBeforeTheBodyAndIsReadableWhileItIsStillSent(Api api) throws IOException {
        try (RawClient client = server.raw()) {
            client.write(
                    "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 40000000\r\n\r\n"
                            .formatted(api.path));
            var answer = client.answer();
            assertEquals(413, answer.status());
            assertTrue(api.error(answer.body()).endsWith("found 40000000"), answer.body());
        }
        try (RawClient client = server.raw()) {
            client.write(
                    "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 40000000\r\n\r\n"
                            .formatted(api.path));
            // A client that sends it all before it reads.
            for (int i = 0; i < 40; i++) client.write(new byte[1_000_000]);
            assertEquals(413, client.answer().status());
            assertTrue(client.isClosedByServer());
        }
    }

    @ParameterizedTest
    @EnumSource
    void refusalOfEndlessChunksIsReadableWhileTheyAreStillSent(Api api) throws IOException {
        try (RawClient client = server.raw()) {
            client.write(
                    "POST %s HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                            .formatted(api.path));
            String chunk = "10000\r\n" + "x".repeat(0x10000) + "\r\n";
            for (int i = 0; i < 100; i++) client.write(chunk);
            client.write("0\r\n\r\n");
            assertEquals(413, client.answer().status());
        }
    }

    @Test
    void clientThatAsksFirstIsToldToGoOn() throws IOException {
        byte[] body = sized(Api.CHAT, 5000);
        try (RawClient client = server.raw()) {
            client.write(
                    "POST %s HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"
                            .formatted(Api.CHAT.path, body.length));
            assertTrue(client.readUntil("\r\n\r\n").startsWith("HTTP/1.1 100 "));
            client.write(body);
            assertEquals(200, client.answer().status());
        }
    }

    @ParameterizedTest
    @EnumSource
    void refusalWithoutAnyLookAtTheBodyIsReadableToo(Api api) throws IOException {
        try (RawClient client = server.raw()) {
            client.write(
                    "PUT %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000\r\n\r\n"
                            .formatted(api.path));
            for (int i = 0; i < 9; i++) client.write(new byte[1_000_000]);
            assertEquals(405, client.answer().status());
        }
    }

    @Test
    void clientThatBreaksOffItsBodyIsGone() throws IOException {
        try (RawClient client = server.raw()) {
            client.write(
                    "POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: broken-off-1\r\nContent-Length: 500\r\n\r\n{\"a\":");
        }
        try (RawClient client = server.raw()) {
            client.write(
                    "POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: broken-off-2\r\nTransfer-Encoding: chunked\r\n\r\n50\r\n{");
        }
        for (String id : new String[] {"broken-off-1", "broken-off-2"}) {
            var line = server.log().requestLine(id);
            assertEquals(499, line.path("status").asInt());
            assertEquals("client left", line.path("error").asString());
        }
    }

    @ParameterizedTest
    @EnumSource
    void chunksThatAreNoChunksAreRefused(Api api) throws IOException {
        for (String chunk : new String[] {"zz\r\n{}", "ffffffff\r\n{}", "2\r\n{}x", "-2\r\n{}"})
            refusesChunk(api, chunk);
    }

    private void refusesChunk(Api api, String chunk) throws IOException {
        try (RawClient client = server.raw()) {
            client.write(
                    "POST %s HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n%s\r\n"
                            .formatted(api.path, chunk));
            var answer = client.answer();
            assertEquals(400, answer.status());
            assertEquals(
                    "body: expected chunks as transfer-encoding says, found something else",
                    api.error(answer.body()));
        } catch (SocketException e) {
            throw new AssertionError("the refusal was not readable", e);
        }
    }

    private static byte[] sized(Api api, int bytes) {
        ObjectNode request = api.request("", false);
        int rest = bytes - request.toString().length();
        String body = api.body("x".repeat(rest));
        assertEquals(bytes, body.length());
        return body.getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    }

    private static void chunked(RawClient client, Api api, byte[] body) throws IOException {
        client.write(
                "POST %s HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                        .formatted(api.path));
        int half = body.length / 2;
        for (byte[] part :
                new byte[][] {
                    java.util.Arrays.copyOf(body, half),
                    java.util.Arrays.copyOfRange(body, half, body.length)
                }) {
            client.write(Integer.toHexString(part.length) + "\r\n").write(part).write("\r\n");
        }
        client.write("0\r\n\r\n");
    }
}
