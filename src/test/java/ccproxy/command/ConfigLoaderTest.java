package ccproxy.command;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.claude.CliSettings;
import java.net.URI;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigLoaderTest {
    private static final String HOME_FILE = "home/.config/ccproxy/ccproxy.json";

    @TempDir Path folder;
    private Run run;

    @BeforeEach
    void start() {
        run = new Run(folder);
    }

    @Test
    void withoutAnythingEveryKeyHasItsDefault() {
        var config = run.config();
        for (Key<?> key : Config.keys()) {
            assertEquals(new Setting(key.defaultText(), "default"), config.setting(key));
            assertDoesNotThrow(() -> key.type().read(key.defaultText()), key::name);
        }
        assertTrue(config.namesSet().isEmpty());
        assertEquals(8000, config.get(Keys.PORT));
        assertEquals(32L << 20, config.get(Keys.MAX_BODY));
        assertEquals(URI.create("https://api.anthropic.com"), config.get(BackendKeys.API_BASE_URL));
    }

    @Test
    void flagWinsOverVariable() {
        run.with("CCPROXY_PORT", "1");
        assertSetting("2", "flag --port", "--port", "2");
    }

    @Test
    void flagWinsOverFile() {
        run.file("ccproxy.json", "{\"port\": 1}");
        assertSetting("2", "flag --port", "--port=2");
    }

    @Test
    void variableWinsOverFile() {
        run.with("CCPROXY_PORT", "2").file("ccproxy.json", "{\"port\": 1}");
        assertSetting("2", "env CCPROXY_PORT");
    }

    @Test
    void fileWinsOverDefault() {
        run.file("ccproxy.json", "{\"port\": 1}");
        assertSetting("1", "file " + folder.resolve("ccproxy.json"));
    }

    @Test
    void fileOfTheFolderWinsOverThatOfTheHome() {
        run.file("ccproxy.json", "{\"port\": 1}").file(HOME_FILE, "{\"port\": 2}");
        assertSetting("1", "file " + folder.resolve("ccproxy.json"));
    }

    @Test
    void fileOfTheHomeIsReadWhenTheFolderHasNone() {
        run.file(HOME_FILE, "{\"port\": 2}");
        assertSetting("2", "file " + folder.resolve(HOME_FILE));
    }

    @Test
    void fileOfTheCommandLineWinsOverBoth() {
        run.file("ccproxy.json", "{\"port\": 1}").file("my.json", "{\"port\": 3}");
        assertSetting("3", "file " + folder.resolve("my.json"), "--config", "my.json");
    }

    @Test
    void emptyVariableIsOneThatIsNotSet() {
        run.with("CCPROXY_PORT", "").with("ANTHROPIC_API_KEY", "");
        assertSetting("8000", "default");
        assertEquals("default", run.config().setting(BackendKeys.API_KEY).source());
    }

    @Test
    void othersVariablesStandInWhenNothingOfOursIsSet() {
        run.with("ANTHROPIC_API_KEY", "k")
                .with("ANTHROPIC_AUTH_TOKEN", "t")
                .with("ANTHROPIC_BASE_URL", "http://u/v1/");
        var config = run.config();
        assertEquals(
                new Setting("k", "env ANTHROPIC_API_KEY"), config.setting(BackendKeys.API_KEY));
        assertEquals("t", config.get(BackendKeys.API_AUTH_TOKEN));
        assertEquals(URI.create("http://u"), config.get(BackendKeys.API_BASE_URL));
        run.file("ccproxy.json", "{\"api\": {\"key\": \"mine\"}}");
        assertEquals("mine", run.config().get(BackendKeys.API_KEY));
        assertEquals("", run.config("--api-key=").get(BackendKeys.API_KEY));
    }

    @Test
    void everyKeyHasThreeSpellingsOfItsOwn() {
        assertEquals("--api-base-url", BackendKeys.API_BASE_URL.flag());
        assertEquals("CCPROXY_API_BASE_URL", BackendKeys.API_BASE_URL.variable());
        var spellings = new HashSet<String>();
        for (Key<?> key : Config.keys()) {
            assertTrue(spellings.add(key.flag()), key.flag());
            assertTrue(spellings.add(key.variable()), key.variable());
        }
    }

    @Test
    void valuesMayHaveTheirOwnTypeInAFileOrBeText() {
        run.file("a.json", "{\"strict\": true, \"port\": 5, \"log\": {\"level\": \"debug\"}}");
        run.file("b.json", "{\"strict\": \"true\", \"port\": \"5\", \"log.level\": \"debug\"}");
        for (String file : new String[] {"a.json", "b.json"}) {
            var config = run.config("--config", file);
            assertTrue(config.get(Keys.STRICT));
            assertEquals(5, config.get(Keys.PORT));
            assertEquals("debug", config.get(ObserveKeys.LOG_LEVEL));
        }
    }

    @Test
    void switchNeedsNoValue() {
        assertTrue(run.config("--strict").get(Keys.STRICT));
        assertFalse(run.with("CCPROXY_STRICT", "true").config("--strict=false").get(Keys.STRICT));
    }

    @Test
    void modelsAreAnObjectOrRulesInALine() {
        run.file("ccproxy.json", "{\"models\": {\"/^o[0-9]{1,2}$/\": \"opus\", \"*\": \"haiku\"}}");
        var models = run.config().get(BackendKeys.MODELS);
        assertEquals("opus", models.resolve("o12"));
        assertEquals("haiku", models.resolve("else"));
        models = run.config("--models", "gpt-4o=sonnet,/^o[0-9]/=opus").get(BackendKeys.MODELS);
        assertEquals("sonnet", models.resolve("gpt-4o"));
    }

    @Test
    void wrongValueNamesKeyValueSourceAndWhatWasExpected() {
        assertError(
                "port: expected a whole number from 0 to 65535, found '99999' (flag --port)",
                "--port",
                "99999");
        run.with("CCPROXY_PING", "5");
        assertError(
                "ping: expected a duration such as 500ms, 5s, 2m or 1h, from 1ms to 1h, found '5'"
                        + " (env CCPROXY_PING)");
    }

    @Test
    void wrongValueInAFileNamesTheFile() {
        run.file("ccproxy.json", "{\"strict\": \"yes\"}");
        assertError(
                "strict: expected true or false, found 'yes' (file %s)"
                        .formatted(folder.resolve("ccproxy.json")));
    }

    @Test
    void wrongValueIsAnErrorEvenIfAnotherWins() {
        run.with("CCPROXY_PORT", "x");
        assertError(
                "port: expected a whole number from 0 to 65535, found 'x' (env CCPROXY_PORT)",
                "--port",
                "1");
    }

    @Test
    void unknownBackendIsNamed() {
        assertError(
                "backend: expected auto, sdk, api or echo, found 'cli' (flag --backend)",
                "--backend=cli");
    }

    @Test
    void unknownVariableNamesTheNearest() {
        run.with("CCPROXY_PROT", "9000");
        assertError(
                "unknown variable CCPROXY_PROT: found '9000' (env); expected a known one, the"
                        + " nearest is CCPROXY_PORT");
    }

    @Test
    void unknownKeyOfAFileNamesTheNearest() {
        run.file("ccproxy.json", "{\"api\": {\"baseurl\": \"x\"}}");
        assertError(
                "unknown key api.baseurl: found 'x' (file %s); expected a known one, the nearest"
                                .formatted(folder.resolve("ccproxy.json"))
                        + " is api.base_url");
    }

    @Test
    void keyOfALaterVersionIsUnknown() {
        run.file("ccproxy.json", "{\"tls\": {\"pem\": \"k.pem\"}}");
        assertTrue(error().startsWith("unknown key tls.pem"), error());
    }

    @Test
    void keysOfTheCliReachItsSettings() {
        run.with("CCPROXY_SDK_TOOLS", "Read,Grep").with("STATE_DIRECTORY", "/var/lib/ccproxy");
        run.file("ccproxy.json", "{\"sdk\": {\"path\": \"/opt/claude\", \"warm\": 2}}");
        var config = run.config("--sdk-message-mode", "forward", "--sdk-max-processes=3");
        CliSettings cli = config.claude(run.surroundings()).cli();
        assertEquals("/opt/claude", cli.path());
        assertEquals("Read,Grep", cli.tools());
        assertEquals(CliSettings.MessageMode.FORWARD, cli.messageMode());
        assertEquals(2, cli.warm());
        assertEquals(3, cli.processesMax());
        assertEquals(Path.of("/var/lib/ccproxy"), cli.stateFolder());
    }

    @Test
    void cliIsNotSentBackToThisServer() {
        for (String own : List.of("http://127.0.0.1:8000", "http://localhost:8000/sdk")) {
            run.with("ANTHROPIC_BASE_URL", own);
            var cli = run.config().claude(run.surroundings()).cli();
            assertFalse(cli.environment().containsKey("ANTHROPIC_BASE_URL"), own);
        }
        for (String other :
                List.of("http://127.0.0.1:8000/echo", "http://127.0.0.1:9", "https://a.test")) {
            run.with("ANTHROPIC_BASE_URL", other);
            var cli = run.config().claude(run.surroundings()).cli();
            assertEquals(other, cli.environment().get("ANTHROPIC_BASE_URL"));
        }
    }

    @Test
    void namesOfHostsAndOriginsAreAListInAnyCase() {
        String file =
                "{\"hosts\": [\"AI.test\", \"[::2]\"], \"cors\": {\"origins\": \"http://A.test:1, app://b\"}}";
        run.file("ccproxy.json", file);
        assertEquals(Set.of("ai.test", "[::2]"), run.config().get(AccessKeys.HOSTS));
        assertEquals(
                Set.of("http://a.test:1", "app://b"), run.config().get(AccessKeys.CORS_ORIGINS));
        assertEquals(Set.of("*"), run.config("--hosts", "*").get(AccessKeys.HOSTS));
        assertEquals(Set.of(), run.config("--cors-origins=").get(AccessKeys.CORS_ORIGINS));
    }

    @Test
    void whatIsNoHostOrOriginIsAnError() {
        for (String wrong : List.of("a:1", "http://a", "a/b", "**", "*.a"))
            assertTrue(error("--hosts", wrong).startsWith("hosts: expected names of hosts"), wrong);
        for (String wrong : List.of("a.test", "http://a/", "http://a/b", "null", "//a")) {
            String error = error("--cors-origins", wrong);
            assertTrue(error.startsWith("cors.origins: expected origins without a path"), error);
        }
        String names = "a,".repeat(200);
        assertEquals(Set.of("a"), run.config("--hosts", names).get(AccessKeys.HOSTS));
        var many = new StringBuilder("b");
        for (int i = 0; i < 99; i++) many.append(",b").append(i);
        assertEquals(100, run.config("--hosts", many.toString()).get(AccessKeys.HOSTS).size());
        assertTrue(error("--hosts", many + ",c").contains("at most 100"));
    }

    @Test
    void wrongClientKeyIsNamedAndItsTokenIsNot() {
        run.file(
                "ccproxy.json",
                "{\"auth_tokens\": {\"alice\": {\"token\": \"hunter2\", \"modls\": 1}}}");
        String error = error();
        assertTrue(error.startsWith("auth_tokens: at 'alice' expected only backends"), error);
        assertFalse(error.contains("hunter2"), error);
        assertFalse(error("--auth-tokens", "hunter2").contains("hunter2"));
        assertFalse(error("--auth-tokens", "hunter2=").contains("hunter2=,"));
    }

    @Test
    void ofSeveralTokensNoEndIsShownForItMayBeAWholeShortOne() {
        String error = error("--auth-tokens", "alice=0123456789abcdef,alice=7351");
        assertTrue(error.startsWith("auth_tokens: expected each name once"), error);
        assertTrue(error.endsWith("(flag --auth-tokens)"), error);
        assertFalse(error.contains("7351"), error);
    }

    @Test
    void tokenThatTwoKeysHaveIsFoundWhenTheConfigurationIsRead() {
        run.file("ccproxy.json", "{\"auth_token\": \"a\", \"auth_tokens\": {\"bob\": \"a\"}}");
        assertError(
                "auth_tokens: expected each token once, found 'default' and 'bob' with the same (file %s)"
                        .formatted(folder.resolve("ccproxy.json")));
    }

    @Test
    void secretIsNeverPartOfAnError() {
        assertFalse(error("--api-key", "hunter2 with spaces").contains("hunter2"));
        assertFalse(error("--auth-tokn=hunter2").contains("hunter2"));
        assertFalse(error("--password=sk-ant-api03-hunter2hunter2").contains("hunter2"));
        run.with("CCPROXY_API_KYE", "hunter2");
        assertFalse(error().contains("hunter2"));
    }

    @Test
    void errorIsOneShortLine() {
        String error = error("--port", "9\n".repeat(5_000));
        assertEquals(1, error.lines().count());
        assertTrue(error.length() < 300, error);
        assertTrue(error("--" + "x\u0085".repeat(5_000)).length() <= 1001);
    }

    @Test
    void wrongJsonSaysWhere() {
        run.file("ccproxy.json", "{\n  \"port\": 1,\n  \"port\": 2}");
        assertError(
                "file %s: line 3, column 3: port: this key is there already"
                        .formatted(folder.resolve("ccproxy.json")));
    }

    @Test
    void missingFileIsAnErrorOnlyIfAskedFor() {
        assertError(
                "config: expected a readable UTF-8 file, found '%s' (no such file)"
                        .formatted(folder.resolve("no.json")),
                "--config",
                "no.json");
    }

    @Test
    void fileThatIsNoTextIsAnError() {
        String message = error("--config", folder.toString());
        assertEquals(
                "config: expected a readable UTF-8 file, found '%s' (Is a directory)"
                        .formatted(folder),
                message);
        run.file("big.json", "/*" + "x".repeat(1 << 20) + "*/ {}");
        assertTrue(error("--config", "big.json").endsWith("at most 1MB"));
    }

    private void assertSetting(String port, String source, String... flags) {
        var setting = run.config(flags).setting(Keys.PORT);
        assertEquals(port, setting.shown(false));
        assertEquals(source, setting.source());
    }

    private void assertError(String message, String... flags) {
        assertEquals(message, error(flags));
    }

    private String error(String... flags) {
        var error = assertThrows(CommandException.class, () -> run.config(flags));
        assertEquals(ExitCode.USAGE, error.code());
        return error.getMessage();
    }
}
