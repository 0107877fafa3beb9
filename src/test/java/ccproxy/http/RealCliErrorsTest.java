package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.wire.Json;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/// What fails at the upstream fails by way of the CLI as it does through the API, asked once, and
/// never looks whole.
@Tag("real-cli")
@ParameterizedClass
@EnumSource
class RealCliErrorsTest {
    /// A start of a process takes less.
    private static final long PATIENT = 10_000;

    @TempDir static Path folder;
    private static RealCli cli;
    @Parameter CliVersion version;

    /// How an answer breaks off after its first words.
    enum End {
        CLOSED {
            @Override
            void end(FakeUpstream.Connection c) throws IOException {
                throw new IOException("closed in the middle of a chunk");
            }
        },
        ENDED {
            @Override
            void end(FakeUpstream.Connection c) {
                // As if that had been all.
            }
        },
        ERROR {
            @Override
            void end(FakeUpstream.Connection c) throws IOException {
                c.chunk("event: error\ndata: " + body("overloaded_error", "too much") + "\n\n");
            }
        };

        abstract void end(FakeUpstream.Connection c) throws IOException;
    }

    @BeforeParameterizedClassInvocation
    static void start(CliVersion version) throws IOException {
        cli = new RealCli(version, folder, 0, 2, Map.of(), PATIENT);
    }

    @AfterParameterizedClassInvocation
    static void stop() throws IOException {
        if (cli != null) cli.close();
        cli = null;
    }

    private static String body(String type, String message) {
        return "{\"type\":\"error\",\"error\":{\"type\":\"%s\",\"message\":\"%s\"}}"
                .formatted(type, message);
    }

    @ParameterizedTest
    @CsvSource({
        "400, invalid_request_error",
        "401, authentication_error",
        "403, permission_error",
        "404, not_found_error",
        "413, request_too_large",
        "429, rate_limit_error",
        "500, api_error",
        "529, overloaded_error"
    })
    void statusIsTheApis(int status, String type) {
        version.assumeIsQuickOr(status == 429);
        for (Api api : Api.values()) {
            cli.reset();
            cli.script(c -> c.json(status, body(type, "told " + status)));
            for (String body : new String[] {api.body("hi"), api.stream("hi")}) {
                HttpResponse<String> expected = cli.server().post("/api" + api.path, body);
                HttpResponse<String> answer = cli.server().post("/sdk" + api.path, body);
                assertEquals(expected.statusCode(), answer.statusCode(), answer::body);
                assertEquals(facts(expected), facts(answer));
                String message = api.error(answer.body());
                // The CLI has words of its own for some.
                boolean isToldAnew = status == 404 || status == 413;
                assertTrue(isToldAnew || message.contains("told"), message);
            }
            // A model that is not there is asked for once more, without a stream.
            assertEquals(status == 404 ? 6 : 4, cli.asked().size());
        }
    }

    /// An error but for its words.
    private static JsonNode facts(HttpResponse<String> answer) {
        return Json.objectOrEmpty(Json.tree(answer.body()).path("error"))
                .deepCopy()
                .without("message");
    }

    @ParameterizedTest
    @EnumSource
    void answerThatBreaksOffDoesNotLookWhole(End end) {
        for (Api api : Api.values()) {
            cli.reset();
            cli.script(c -> {
                c.stream();
                c.chunk(FakeUpstream.START);
                c.text("half of ");
                end.end(c);
            });
            HttpResponse<String> streamed = cli.server().post("/sdk" + api.path, api.stream("hi"));
            assertFalse(api.isWhole(streamed.body()), streamed::body);
            if (streamed.statusCode() == 200) {
                // What came in the same breath as the end may be lost with it.
                String text = api.streamedText(streamed.body());
                assertTrue("half of ".startsWith(text), text);
                JsonNode last = Api.events(streamed.body()).getLast();
                api.error(last.toString());
            } else {
                api.error(streamed.body());
            }
            HttpResponse<String> whole = cli.server().post("/sdk" + api.path, api.body("hi"));
            assertTrue(whole.statusCode() >= 500, whole::body);
            api.error(whole.body());
            assertEquals(2, cli.asked().size(), "asked again");
        }
    }

    @Test
    void upstreamThatIsNotThere() throws IOException {
        version.assumeIsQuickOr(false);
        var nowhere = Map.of("ANTHROPIC_BASE_URL", "http://127.0.0.1:1");
        try (var alone = new RealCli(version, folder.resolve("nowhere"), 0, 1, nowhere, PATIENT)) {
            for (Api api : Api.values()) {
                var answer = alone.server().post("/sdk" + api.path, api.stream("hi"));
                assertEquals(502, answer.statusCode(), answer::body);
                api.error(answer.body());
            }
        }
    }

    @Test
    void whoIsNotLoggedInIsToldWhatToRun() throws IOException {
        var nobody = Map.of("ANTHROPIC_API_KEY", "");
        try (var alone = new RealCli(version, folder.resolve("nobody"), 0, 1, nobody, PATIENT)) {
            for (Api api : Api.values()) {
                var answer = alone.server().post("/sdk" + api.path, api.body("hi"));
                assertEquals(401, answer.statusCode(), answer::body);
                assertTrue(api.error(answer.body()).contains("/login"), answer::body);
            }
            assertEquals(0, alone.asked().size());
        }
    }

    @Test
    void whereThereIsNoCliItIsSaidHowToInstallIt() throws IOException {
        var settings =
                RealCli.settings(
                        folder.resolve("no-claude").toString(),
                        folder,
                        RealCli.environment(folder, "http://127.0.0.1:1"),
                        0,
                        1);
        try (var server = new TestServer().cli(settings).start()) {
            for (Api api : Api.values()) {
                var answer = server.post("/sdk" + api.path, api.body("hi"));
                assertEquals(503, answer.statusCode(), answer::body);
                assertTrue(api.error(answer.body()).contains("npm install"), answer::body);
            }
        }
    }
}
