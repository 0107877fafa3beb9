package ccproxy.command;

import static ccproxy.command.PlayedServer.answer;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// What goes wrong between a client and a server, each with its line.
class ClientFailuresTest {
    private static final String JSON = "application/json";

    @TempDir Path folder;
    private Run run;

    @BeforeEach
    void start() {
        run = new Run(folder);
    }

    private static String error(String status, String message) {
        return answer(status, JSON, "{\"error\":{\"message\":\"" + message + "\"}}");
    }

    static Stream<Arguments> statuses() {
        return Stream.of(
                Arguments.of(error("400 X", "top_k: no"), "400: top_k: no", "report it"),
                Arguments.of(
                        error("401 X", "invalid x-api-key"), "401: invalid", "ANTHROPIC_API_KEY"),
                Arguments.of(error("403 X", "no"), "403: no", "refuses the key"),
                Arguments.of(error("404 X", "model: m"), "404: model: m", "GET /v1/models"),
                Arguments.of(
                        answer("404 X", "text/html", "<h1>no"), "404: <h1>no", "/v1 at its end"),
                Arguments.of(error("409 X", "busy"), "409: busy", "ask again"),
                Arguments.of(error("413 X", "large"), "413: large", "--max-body"),
                Arguments.of(error("429 X", "slow down"), "429: slow", "ask again later"),
                Arguments.of(error("529 X", "Overloaded"), "529: Over", "ask again later"),
                Arguments.of(error("500 X", "internal"), "500: internal", "server's log"),
                Arguments.of(error("502 X", "crashed"), "502: crashed", "ccproxy doctor"),
                Arguments.of(error("503 X", "no claude"), "503: no claude", "ccproxy doctor"),
                Arguments.of(error("504 X", "late"), "504: late", "timeout.first_event"),
                Arguments.of(answer("302 X", JSON, ""), "302", "something else than ccproxy"));
    }

    @ParameterizedTest
    @MethodSource("statuses")
    void aStatusHasACauseAndARemedy(String answer, String problem, String remedy)
            throws IOException {
        new ClientLine(run).assertProblem("openai-sdk", answer, problem, remedy);
        new ClientLine(run).assertProblem("anthropic-sdk", answer, problem, remedy);
    }

    static Stream<Arguments> noHttp() {
        return Stream.of(
                Arguments.of("SSH-2.0-OpenSSH_9\r\n", "is no HTTP: SSH-2.0", "--port"),
                Arguments.of(
                        "\u0015\u0003\u0003\u0000\u0002\u0002\u0046", "speaks TLS", "https://"),
                Arguments.of("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "no HTTP: no colon", "--port"),
                Arguments.of("HTTP/1.1 200 OK\r\n", "closed before the answer", "server's log"));
    }

    @ParameterizedTest
    @MethodSource("noHttp")
    void whatIsNoHttpIsTold(String answer, String problem, String remedy) throws IOException {
        new ClientLine(run).assertProblem("openai-sdk", answer, problem, remedy);
    }

    static Stream<Arguments> models() {
        return Stream.of(
                Arguments.of(answer("200 OK", JSON, "{\"data\":[]}"), "list of models is empty"),
                Arguments.of(
                        answer("200 OK", JSON, "[]"), "expected a JSON object, found an array"),
                Arguments.of(answer("200 OK", JSON, "{\"data\":[{}]}"), "data[0].id: expected"),
                Arguments.of(
                        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{",
                        "closed before the answer was whole"));
    }

    @ParameterizedTest
    @MethodSource("models")
    void aListOfModelsThatIsNone(String answer, String problem) throws IOException {
        new ClientLine(run).assertProblem("open-webui", answer, problem, "; ");
    }

    @Test
    void silenceIsToldInTime() throws IOException {
        try (var server = new PlayedServer(PlayedServer.SILENCE)) {
            String line = new ClientLine(run).of("openai-sdk", server, Duration.ofMillis(200));
            assertTrue(line.contains("no whole answer within 0.2 s"), line);
            assertTrue(line.contains("ccproxy ask hello"), line);
        }
    }

    @Test
    void anAnswerOfTheLimitIsReadAndOneAboveItIsNot() throws IOException {
        String head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n";
        String json = "{\"data\":[{\"id\":\"m\"}]}";
        int room = ClientCall.BYTES_MAX - head.length() - json.length();
        try (var server = new PlayedServer(head + json + " ".repeat(room))) {
            String line = new ClientLine(run).of("open-webui", server, Duration.ofSeconds(30));
            assertTrue(line.startsWith("ok "), line);
        }
        try (var server = new PlayedServer(head + json + " ".repeat(room + 1))) {
            String line = new ClientLine(run).of("open-webui", server, Duration.ofSeconds(30));
            assertTrue(line.contains("larger than 8 MB"), line);
        }
    }

    @Test
    void theHeadersAreTheClientsOwn() throws IOException {
        try (var server = new PlayedServer(error("500 X", "no"))) {
            new ClientLine(run).of("openai-sdk", server, Duration.ofSeconds(10));
            String head = server.heads().getFirst();
            assertTrue(head.startsWith("POST /v1/chat/completions HTTP/1.1\r\n"), head);
            assertTrue(head.contains("\r\nhost: 127.0.0.1:" + server.port() + "\r\n"), head);
            // The JDK's own clients would refuse this one.
            assertTrue(head.contains("\r\nsec-fetch-mode: cors\r\n"), head);
            assertTrue(head.contains("\r\nuser-agent: OpenAI/JS 6.30.1\r\n"), head);
            assertEquals(3, server.heads().size());
        }
    }
}
