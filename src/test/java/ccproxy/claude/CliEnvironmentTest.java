package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CliEnvironmentTest {
    @TempDir Path folder;

    private Map<String, String> of(Duration silence, boolean isPlain) {
        var settings = new FakeCli(folder).claude(0, 1, Duration.ofSeconds(1), silence);
        return CliEnvironment.of(settings, Path.of("/t"), isPlain);
    }

    @Test
    void onlyWhatTheCliNeedsIsPassedOn() {
        var passed =
                CliEnvironment.passed(
                        Map.ofEntries(
                                Map.entry("PATH", "p"),
                                Map.entry("Path", "windows"),
                                Map.entry("https_proxy", "x"),
                                Map.entry("LC_ALL", "C"),
                                Map.entry("AWS_REGION", "r"),
                                Map.entry("CLAUDE_CODE_OAUTH_TOKEN", "t"),
                                Map.entry("CLAUDE_CODE_USE_BEDROCK", "1"),
                                Map.entry("CCPROXY_AUTH_TOKEN", "secret"),
                                Map.entry("CLAUDE_CODE_EXTRA_BODY", "{}"),
                                Map.entry("CLAUDECODE", "1"),
                                Map.entry("NODE_OPTIONS", "--inspect"),
                                Map.entry("LD_PRELOAD", "x"),
                                Map.entry("ANTHROPIC_MODEL", "m"),
                                Map.entry("OPENAI_API_KEY", "k")));
        assertEquals(
                List.of(
                        "AWS_REGION",
                        "CLAUDE_CODE_OAUTH_TOKEN",
                        "CLAUDE_CODE_USE_BEDROCK",
                        "LC_ALL",
                        "PATH",
                        "Path",
                        "https_proxy"),
                List.copyOf(passed.keySet()));
    }

    @Test
    void filesGoToThePrivateFolder() {
        var set = of(Duration.ofSeconds(60), true);
        for (String name : List.of("TMPDIR", "TEMP", "CLAUDE_CODE_TMPDIR"))
            assertEquals("/t", set.get(name), name);
    }

    @Test
    void failuresComeAtOnceAndClientsTextsReadNoFiles() {
        for (boolean isPlain : new boolean[] {true, false}) {
            var set = of(Duration.ofSeconds(60), isPlain);
            assertEquals("0", set.get("CLAUDE_CODE_MAX_RETRIES"));
            assertEquals("1", set.get("CLAUDE_CODE_DISABLE_NONSTREAMING_FALLBACK"));
            assertEquals("1", set.get("CLAUDE_CODE_DISABLE_ATTACHMENTS"));
            assertEquals("60000", set.get("API_TIMEOUT_MS"));
            assertEquals(isPlain, set.containsKey("DISABLE_PROMPT_CACHING"));
            assertEquals(isPlain, set.containsKey("CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS"));
        }
    }

    @Test
    void silenceIsNotBelowTheClisFloor() {
        var expected = Map.of(9_999, "10000", 10_000, "10000", 10_001, "10001");
        expected.forEach((millis, told) ->
                assertEquals(
                        told,
                        of(Duration.ofMillis(millis), true)
                                .get("CLAUDE_BYTE_STREAM_IDLE_TIMEOUT_MS")));
    }

    @Test
    void commandOfAPlainModelHasNoToolsAndOneAnswer() {
        CliSettings settings = new FakeCli(folder).settings(0, 1);
        List<String> plain = CliCommand.of(Path.of("/claude"), settings, List.of());
        assertEquals("/claude", plain.getFirst());
        String line = String.join(" ", plain);
        assertTrue(line.contains("--tools  "), line);
        assertTrue(line.contains("--max-turns 1") && line.contains("--max-budget-usd 0.0"), line);
        assertTrue(line.contains("--no-session-persistence"), line);
        List<String> other = CliCommand.of(Path.of("/claude"), settings, List.of("--x"));
        assertTrue(other.contains("--x"));
        assertFalse(other.contains("--no-session-persistence"));
    }
}
