package ccproxy.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/// `doctor --client` against a real server.
class ClientsCheckTest {
    private static final Path SCRIPTS = Path.of("src/main/resources/ccproxy/command/clients");
    private static final ClientScript.Blanks BLANKS =
            new ClientScript.Blanks(URI.create("http://127.0.0.1:8000"), "", "");

    @TempDir Path folder;
    private Run run;

    @BeforeEach
    void start() {
        run = new Run(folder);
    }

    static List<String> names() {
        return ClientScript.NAMES;
    }

    private List<String> lines(String verdict) {
        return run.out()
                .lines()
                .filter(line -> line.startsWith(verdict + " ") && line.contains("  request "))
                .toList();
    }

    private ExitCode doctor(String client, EchoServer server, String... more) {
        String[] all = new String[more.length + 5];
        String[] first = {"doctor", "--client", client, "--port", server.port()};
        System.arraycopy(first, 0, all, 0, 5);
        System.arraycopy(more, 0, all, 5, more.length);
        return run.main(all);
    }

    @ParameterizedTest
    @MethodSource("names")
    void everyClientWorksOnTheEchoModel(String name) throws IOException {
        try (var server = new EchoServer(run)) {
            ExitCode code = doctor(name, server);
            int requests = ClientScript.of(name, BLANKS).requests().size();
            // What Codex speaks today is not there, and that is said.
            boolean isCodex = name.equals("codex");
            assertEquals(isCodex ? ExitCode.FAILED : ExitCode.OK, code, run.out());
            assertEquals(isCodex ? 1 : 0, lines("problem").size(), run.out());
            assertEquals(requests - (isCodex ? 1 : 0), lines("ok").size(), run.out());
            assertTrue(run.out().contains("http://127.0.0.1:" + server.port()), run.out());
            assertFalse(run.out().contains("{{"), run.out());
        }
    }

    @Test
    void codexIsToldWhatItNeeds() throws IOException {
        try (var server = new EchoServer(run)) {
            doctor("codex", server);
            String problem = lines("problem").getFirst();
            assertTrue(problem.contains("POST /v1/responses"), problem);
            assertTrue(problem.contains("no Responses API"), problem);
            assertTrue(problem.contains("wire_api = \"chat\""), problem);
        }
    }

    @Test
    void allPlaysEveryClient() throws IOException {
        try (var server = new EchoServer(run)) {
            assertEquals(ExitCode.FAILED, doctor("all", server));
            for (String name : ClientScript.NAMES) {
                assertTrue(run.out().contains("(" + name + ")"), name);
            }
            assertEquals(1, lines("problem").size(), run.out());
        }
    }

    @ParameterizedTest
    @MethodSource("names")
    void theTokenGoesWhereTheClientPutsItAndIsNotShown(String name) throws IOException {
        try (var server = new EchoServer(run, "--auth-token=a-token-of-the-test")) {
            doctor(name, server, "--auth-token=a-token-of-the-test");
            assertEquals(name.equals("codex") ? 1 : 0, lines("problem").size(), run.out());
            assertFalse(run.out().contains("a-token-of-the-test"), run.out());
            assertTrue(run.out().contains("AUTH_TOKEN"), run.out());
        }
    }

    @ParameterizedTest
    @CsvSource({"openai-sdk,--auth-token=wrong", "anthropic-sdk,--strict=false"})
    void aWrongOrMissingTokenSaysWhichToSet(String name, String flag) throws IOException {
        try (var server = new EchoServer(run, "--auth-token=right")) {
            assertEquals(ExitCode.FAILED, doctor(name, server, flag));
            String problem = lines("problem").getFirst();
            assertTrue(problem.contains("401: authentication"), problem);
            assertTrue(problem.contains("--auth-token"), problem);
        }
    }

    @Test
    void aModelThatNoHeaderHoldsIsAProblem() throws IOException {
        try (var server = new EchoServer(run)) {
            assertEquals(ExitCode.FAILED, doctor("codex", server, "--model", "a\u00e9"));
            String problem = lines("problem").getFirst();
            assertTrue(problem.contains("the header x-codex-turn-metadata"), problem);
            assertTrue(problem.contains("visible ASCII"), problem);
        }
    }

    @Test
    void whatIsNotHonouredIsSaidAndOnAStrictServerItIsAProblem() throws IOException {
        try (var server = new EchoServer(run)) {
            assertEquals(ExitCode.OK, doctor("aider", server));
            assertTrue(lines("ok").getFirst().contains("not honoured: temperature=dropped"));
        }
        try (var server = new EchoServer(run, "--strict")) {
            assertEquals(ExitCode.FAILED, doctor("aider", server));
            String problem = lines("problem").getFirst();
            assertTrue(problem.contains("400: temperature"), problem);
            assertTrue(problem.contains("without --strict"), problem);
        }
    }

    @Test
    void theModelIsTheOneAskedFor() throws IOException {
        try (var server = new EchoServer(run)) {
            assertEquals(ExitCode.OK, doctor("openai-sdk", server, "--model", "gpt-5 \"x\""));
            assertTrue(run.out().contains("model: gpt-5 \"x\""), run.out());
        }
    }

    @ParameterizedTest
    @CsvSource({"Open WebUI,open-webui", "CLAUDE_CODE,claude-code", "Cursor,cursor"})
    void namesMayBeWrittenAsPeopleDo(String written, String name) throws IOException {
        try (var server = new EchoServer(run)) {
            assertEquals(ExitCode.OK, doctor(written, server));
            assertTrue(run.out().contains("(" + name + ")"), run.out());
        }
    }

    @Test
    void anUnknownClientIsAnErrorWithAllNamesAndTheNearest() {
        assertEquals(ExitCode.USAGE, run.main("doctor", "--client", "curser"));
        assertTrue(run.err().contains("found 'curser'; the nearest is cursor"), run.err());
        for (String name : ClientScript.NAMES) assertTrue(run.err().contains(name), name);
    }

    @Test
    void aModelWithoutAClientIsAnError() {
        assertEquals(ExitCode.USAGE, run.main("doctor", "--model", "m"));
        assertTrue(run.err().contains("expected after --client NAME"), run.err());
    }

    @Test
    void withoutAServerNothingIsPlayed() {
        assertEquals(ExitCode.FAILED, run.main("doctor", "--client", "cursor", "--port", "1"));
        assertEquals("", run.out());
        assertTrue(run.err().contains("no ccproxy is running at http://127.0.0.1:1"), run.err());
        assertEquals(ExitCode.FAILED, run.main("doctor", "--client", "all", "--port", "0"));
    }

    @Test
    void everyScriptHasANameAndEveryNameAScript() throws IOException {
        var found = new TreeSet<String>();
        try (var files = Files.list(SCRIPTS)) {
            files.forEach(file -> found.add(file.getFileName().toString()));
        }
        var expected = new TreeSet<String>();
        for (String name : ClientScript.NAMES) expected.add(name + ".json");
        assertEquals(expected, found);
    }

    @ParameterizedTest
    @MethodSource("names")
    void aRequestCostsNextToNothing(String name) {
        for (ClientRequest request : ClientScript.of(name, BLANKS).requests()) {
            boolean isAnswered = request.expectation().kind() != Expectation.Kind.TOKENS;
            // The Responses API of Codex has no such field, as Codex sends none.
            boolean isAsked =
                    request.path().contains("/chat/") || request.path().contains("/messages");
            if (!isAnswered || !isAsked) continue;
            assertTrue(
                    request.body().matches("(?s).*\"max_(completion_)?tokens\":(16|200)\\b.*"),
                    request.what());
            assertTrue(request.body().length() < 4000, request.what());
        }
    }

    @Test
    void helpNamesTheClients() {
        assertEquals(ExitCode.OK, run.main("help", "doctor"));
        assertTrue(run.out().contains("--client NAME"), run.out());
        for (String name : ClientScript.NAMES) assertTrue(run.out().contains(name), name);
    }
}
