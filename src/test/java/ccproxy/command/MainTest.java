package ccproxy.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.observe.Log;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MainTest {
    private final Log.Output log = Log.configure(Log.Level.INFO, Log.Format.JSON, System.err);
    @TempDir Path folder;
    private Run run;

    @BeforeEach
    void start() {
        run = new Run(folder);
    }

    @AfterEach
    void restore() {
        Log.configure(log);
    }

    @Test
    void versionIsThatOfTheBuild() {
        assertEquals(ExitCode.OK, run.main("--version"));
        assertTrue(run.out().matches("ccproxy \\d+\\.\\d+\\.\\d+\\S*\\R"), run.out());
    }

    @Test
    void configShowsEveryKeyWithValueAndSourceInColumns() {
        run.with("CCPROXY_PORT", "9000").file("ccproxy.json", "{\"log\": {\"level\": \"warn\"}}");
        assertEquals(ExitCode.OK, run.main("config", "--strict"));
        var lines = run.out().lines().toList();
        assertEquals(Config.keys().size(), lines.size());
        assertTrue(lines.get(0).matches("host +127\\.0\\.0\\.1 +default"), run.out());
        assertTrue(run.out().matches("(?s).*\\Rport +9000 +env CCPROXY_PORT\\R.*"), run.out());
        assertTrue(run.out().matches("(?s).*\\Rstrict +true +flag --strict\\R"), run.out());
        assertTrue(run.out().contains("file " + folder.resolve("ccproxy.json")), run.out());
    }

    @Test
    void configHintsAtSecretsOnly() {
        run.with("ANTHROPIC_API_KEY", "sk-ant-api03-TOPSECRET-abcdefgwxyz");
        assertEquals(ExitCode.OK, run.main("config", "--auth-token", "TOPSECRET"));
        assertFalse(run.out().contains("TOPSECRET"), run.out());
        assertTrue(run.out().contains("sk-ant-…wxyz"), run.out());
        assertTrue(run.out().matches("(?s).*auth_token +\\*\\*\\* +flag --auth-token\\R.*"));
    }

    @Test
    void configShowsWhoseKeysThereAreAndNoToken() {
        String file =
                "{\"auth_tokens\": {\"alice\": \"TOPSECRET\", \"bob\": {\"token\": \"TOPSECRET2\"}}, \"hosts\": [\"a.test\", \"B.test\"]}";
        run.file("ccproxy.json", file);
        assertEquals(ExitCode.OK, run.main("config"));
        assertFalse(run.out().contains("TOPSECRET"), run.out());
        assertTrue(run.out().contains("alice=***,bob=*** "), run.out());
        assertTrue(run.out().matches("(?s).*\\Rhosts +a.test,B.test +file .*"), run.out());
        run.main("config", "--auth-tokens", "carol=TOPSECRET");
        assertFalse(run.out().contains("TOPSECRET"), run.out());
        assertTrue(run.out().contains("carol=*** "), run.out());
    }

    @Test
    void keyThatIsThereTwiceEndsTheStart() {
        String[] flags = {"serve", "--port=0", "--backend=echo", "--auth-token=TOPSECRET"};
        run.with("CCPROXY_AUTH_TOKENS", "alice=TOPSECRET");
        assertEquals(ExitCode.USAGE, run.main(flags));
        assertEquals(
                "ccproxy: auth_tokens: expected each token once, found 'default' and 'alice' with the same (env CCPROXY_AUTH_TOKENS)\n",
                run.err());
    }

    @Test
    void tokenIsNewEachTimeAndComesWithTheLineThatSetsIt() {
        assertEquals(ExitCode.OK, run.main("token"));
        var first = run.out().lines().toList();
        assertTrue(first.get(0).matches("ccp_[A-Za-z0-9_-]{43}"), first.get(0));
        assertEquals("export CCPROXY_AUTH_TOKEN=" + first.get(0), first.get(1));
        String digest = ccproxy.http.ClientKeys.digest(first.get(0));
        assertTrue(first.get(2).startsWith("# "), "a shell reads over it");
        assertTrue(first.get(2).contains("{\"sha256\": \"" + digest + "\"}"), first.get(2));
        assertEquals(3, first.size());
        run.main("token");
        assertNotEquals(first, run.out().lines().toList());
    }

    @ParameterizedTest
    @ValueSource(strings = {"--help", "help", "-h", "config --help", "help serve", "ask -h"})
    void helpNamesEveryFlag(String line) {
        assertEquals(ExitCode.OK, run.main(line.split(" ")));
        for (Key<?> key : Config.keys()) {
            assertTrue(run.out().contains("  " + key.flag()), key.flag());
            assertTrue(run.out().contains(key.meaning()), key.meaning());
        }
        assertTrue(run.out().contains("usage: ccproxy"));
    }

    @Test
    void helpNeedsNoValidConfiguration() {
        run.with("CCPROXY_NO", "x");
        assertEquals(ExitCode.OK, run.main("--help"));
        assertEquals(ExitCode.OK, run.main("--version"));
        assertEquals(ExitCode.OK, run.main("help", "token"));
        assertFalse(run.out().contains("--port"));
        assertEquals(ExitCode.OK, run.main("token"));
        assertEquals(ExitCode.USAGE, run.main("config"));
    }

    @Test
    void helpOfAnUnknownSubcommandIsAnError() {
        assertEquals(ExitCode.USAGE, run.main("help", "tokn"));
        assertTrue(run.err().contains("nearest is token"), run.err());
    }

    @Test
    void errorIsOneLineOnStderr() {
        assertEquals(ExitCode.USAGE, run.main("--port", "a\nb"));
        assertEquals("", run.out());
        assertEquals(
                "ccproxy: port: expected a whole number from 0 to 65535, found 'a?b'"
                        + " (flag --port)\n",
                run.err());
    }

    @Test
    void askNeedsAText() {
        assertEquals(ExitCode.USAGE, run.main("ask", "--model", "m", " "));
        assertTrue(run.err().startsWith("ccproxy: ask: expected TEXT"), run.err());
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0", "::", "[::]", "192.0.2.1"})
    void hostBeyondThisMachineNeedsAToken(String host) {
        assertEquals(ExitCode.USAGE, run.main("serve", "--host", host, "--port", "0"));
        String expected =
                "ccproxy: host: beyond this machine, auth_token must be set (see 'ccproxy token'),"
                        + " or allow_unauthenticated; found '%s' (flag --host)\n";
        assertEquals(expected.formatted(host), run.err());
        run.config("--host", host, "--auth-token", "t").checkExposure();
        run.config("--host", host, "--auth-tokens", "a=t").checkExposure();
        run.config("--host", host, "--allow-unauthenticated").checkExposure();
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost"})
    void hostOfThisMachineNeedsNone(String host) {
        run.config("--host", host).checkExposure();
    }

    @Test
    void hostThatIsNoneIsAnError() {
        assertEquals(ExitCode.USAGE, run.main("serve", "--host", "no such"));
        assertEquals(ExitCode.USAGE, run.main("serve", "--host", "[::1"));
        assertEquals(
                "ccproxy: host: expected an address or a name of this machine, found '[::1'"
                        + " (flag --host)\n",
                run.err());
    }

    @Test
    void clientsOwnCredentialsPassOnlyWhenThereAreNoOthers() {
        assertTrue(run.config().claude(run.surroundings()).passCredentials());
        for (String flag :
                List.of(
                        "--auth-token=t",
                        "--auth-tokens=a=t",
                        "--api-key=k",
                        "--api-auth-token=t")) {
            assertFalse(run.config(flag).claude(run.surroundings()).passCredentials(), flag);
        }
    }

    @Test
    void settingsReachTheFloorsThatNeedThem() {
        var config = run.config("--host", "[::1]", "--port", "1", "--max-body", "1MB", "--strict");
        assertEquals("::1", config.server().listen().host());
        assertEquals(1, config.server().listen().port());
        assertEquals(1 << 20, config.server().limits().bodyBytesMax());
        assertEquals(1 << 20, config.claude(run.surroundings()).requestBytesMax());
        assertTrue(config.server().strict());
        assertEquals("auto", config.claude(run.surroundings()).backend());
    }
}
