package ccproxy.command;

import static ccproxy.command.Traces.CHAT;
import static ccproxy.command.Traces.MESSAGES;
import static ccproxy.command.Traces.body;
import static ccproxy.command.Traces.change;
import static ccproxy.command.Traces.changeFirst;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What was changed meanwhile, in the program or by hand, is found; what is no trace is named.
class ReplayDifferenceTest {
    @TempDir Path folder;
    private Traces traces;

    @BeforeEach
    void start() {
        traces = new Traces(folder);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    response.jsonl        | "content":"day"         | "content":"night"    | response event 3 $.choices[0].delta.content: expected "night", found "day"
                    response.jsonl        | "status":200            | "status":201         | response status: expected 201, found 200
                    response.jsonl        | claude-sonnet           | claude-sonata        | response header x-ccproxy-model: expected "claude-sona
                    upstream-request.json | "text":"good day"       | "text":"good night"  | upstream-request.json $.body.messages[0].content[0].text: expected "good night", found "good day"
                    upstream-request.json | "max_tokens":100        | "top_k":3            | upstream-request.json $.body.top_k: expected 3, found nothing
                    upstream.jsonl        | "text":"day"            | "text":"night"       | response event 3 $.choices[0].delta.content: expected "day", found "night"
                    upstream.jsonl        | "stop_reason":"end_turn"| "stop_reason":"max_tokens" | response event 4 $.choices[0].finish_reason: expected "stop", found "length"
                    """)
    void changeIsFoundWhereItIs(String file, String from, String to, String line)
            throws IOException {
        try (var server = traces.server()) {
            server.post(CHAT, body("good day", true));
        }
        change(traces.trace(0), file, from, to);
        String out = traces.replay(ExitCode.FAILED, traces.trace(0));
        assertTrue(out.contains(": different\n"), out);
        assertTrue(out.contains("  " + line), out);
        assertTrue(out.endsWith("1 different\n"), out);
    }

    @Test
    void endThatCameTooEarlyIsFound() throws IOException {
        try (var server = traces.server()) {
            server.post(CHAT, body("good day", true));
        }
        changeFirst(traces.trace(0), "response.jsonl", "(?s)\\{[^\n]*DONE[^\n]*\n$", "");
        String out = traces.replay(ExitCode.FAILED, traces.trace(0));
        assertTrue(out.contains("expected the end, found data: [DONE]"), out);
    }

    @Test
    void questionThatIsNoLongerAskedIsFound() throws IOException {
        try (var server = traces.server()) {
            server.post(MESSAGES, body("good day", true));
        }
        change(traces.trace(0), "request-body.json", "\"max_tokens\":100,", "");
        String out = traces.replay(ExitCode.FAILED, traces.trace(0));
        assertTrue(out.contains("expected a question to Claude, found none"), out);
        assertTrue(out.contains("status: expected 200, found 400"), out);
    }

    @Test
    void whatTheUpstreamToldOfTheModelCounts() throws IOException {
        try (var server = traces.server()) {
            server.post(CHAT, body("good day", true));
        }
        change(
                traces.trace(0),
                "upstream-request.json",
                "\"remembered\":0",
                "\"model_told\":{\"id\":\"claude-sonnet-5-5\",\"max_tokens\":50}");
        String out = traces.replay(ExitCode.FAILED, traces.trace(0));
        assertTrue(out.contains("$.body.max_tokens: expected 100, found 50"), out);
    }

    @Test
    void traceThatWasCutIsSaidToBe() throws IOException {
        try (var server = traces.server("--trace-max-request-bytes", "8KB")) {
            server.post(CHAT, body("word ".repeat(500), true));
            server.post(CHAT, body("x", false));
        }
        String out = traces.replay(ExitCode.USAGE, traces.all());
        assertTrue(out.contains("found it cut at trace.max_request_bytes"), out);
        assertTrue(out.endsWith("1 same, 1 unreadable\n"), out);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    request.json          | {"trace":1     | {"trace":2     | request.json: trace: expected 1, found 2
                    request.json          | {"trace":1     | {"trace"       | request.json: expected JSON
                    request.json          | "path"         | "paht"         | request.json: path: expected a string
                    request.json          | "path":"/      | "path":"x/     | request.json: path: expected a path
                    request.json          | "strict":"false" | "strict":"no" | strict: expected true or false
                    request.json          | "strict"       | "stritc"       | unknown key stritc
                    request.json          | "strict"       | "sdk.path"     | settings: expected what shapes an answer, found sdk.path
                    request.json          | "POST"         | "P\\u001b[2J" | P?[2J
                    upstream.jsonl        | "data"         | "dta"          | upstream.jsonl: expected event and data
                    upstream.jsonl        | {"ms"          | ["ms"          | upstream.jsonl line 1: expected JSON
                    upstream-request.json | {"call"        | ["call"        | upstream-request.json: expected JSON
                    response.jsonl        | {"ms"          | 5{"ms"         | response.jsonl line 1
                    end.json              | {"             | nul{"          | end.json: expected JSON
                    """)
    void garbageIsNamed(String file, String from, String to, String line) throws IOException {
        try (var server = traces.server()) {
            server.post(CHAT, body("good day", true));
        }
        changeFirst(
                traces.trace(0),
                file,
                "(?s)^(.*?)" + Pattern.quote(from),
                "$1" + Matcher.quoteReplacement(to));
        var run = new Run(folder);
        ExitCode code = run.main("replay", traces.all().toString());
        assertFalse(code == ExitCode.OK, run.out());
        assertTrue(run.out().contains(line), run.out());
    }

    @Test
    void folderWithoutTracesIsRefused() throws IOException {
        Files.createDirectories(folder.resolve("empty/other"));
        for (String name : List.of("empty", "nowhere")) {
            var run = new Run(folder);
            assertEquals(ExitCode.USAGE, run.main("replay", name));
            assertTrue(run.err().contains("found '" + name + "'"), run.err());
        }
        var run = new Run(folder);
        assertEquals(ExitCode.USAGE, run.main("replay"));
        assertTrue(run.err().contains("expected DIR, found nothing"), run.err());
    }

    @Test
    void traceWithoutItsHeadIsUnreadable() throws IOException {
        try (var server = traces.server()) {
            server.post(CHAT, body("good day", true));
        }
        Files.delete(traces.trace(0).resolve("request.json"));
        String out = traces.replay(ExitCode.USAGE, traces.all());
        assertTrue(out.contains("request.json: expected a file, found none"), out);
    }
}
