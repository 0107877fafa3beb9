package ccproxy.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CredentialFilesTest {
    @TempDir Path folder;
    private Run run;

    @BeforeEach
    void start() throws IOException {
        Files.createDirectory(folder.resolve("secrets"));
        run = new Run(folder).with("CREDENTIALS_DIRECTORY", folder.resolve("secrets").toString());
    }

    @Test
    void fileIsTheValueOfTheSecretOfItsName() {
        run.file("secrets/api.key", "k").file("secrets/auth_token", "t");
        run.file("secrets/api.auth_token", "b");
        var config = run.config();
        assertEquals(new Setting("k", "credential api.key"), config.setting(BackendKeys.API_KEY));
        assertEquals("t", config.get(AccessKeys.AUTH_TOKEN));
        assertEquals("b", config.get(BackendKeys.API_AUTH_TOKEN));
        assertTrue(config.namesSet().contains("api.key"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"k\n", "k\r\n", "k"})
    void lineEndAfterItIsNotPartOfIt(String text) {
        run.file("secrets/api.key", text);
        assertEquals("k", run.config().get(BackendKeys.API_KEY));
    }

    @ParameterizedTest
    @ValueSource(strings = {"k\n\n", " k", "hunter2 hunter2", "hünter2", "\n\n"})
    void whatIsNoTokenIsAnErrorThatKeepsTheSecret(String text) {
        run.file("secrets/api.key", text);
        String error = error();
        assertTrue(error.startsWith("api.key: expected visible ASCII characters"), error);
        assertTrue(error.endsWith("(credential api.key)"), error);
        assertFalse(error.contains("hunter2"), error);
    }

    @Test
    void variableAndFlagWinOverIt() {
        run.file("secrets/api.key", "credential").with("CCPROXY_API_KEY", "variable");
        assertEquals("variable", run.config().get(BackendKeys.API_KEY));
        assertEquals("flag", run.config("--api-key", "flag").get(BackendKeys.API_KEY));
    }

    @Test
    void itWinsOverFileAndOthersVariable() {
        run.file("secrets/api.key", "credential").with("ANTHROPIC_API_KEY", "other");
        run.file("ccproxy.json", "{\"api\": {\"key\": \"file\"}}");
        assertEquals("credential", run.config().get(BackendKeys.API_KEY));
    }

    @Test
    void whatElseIsThereIsNotOurs() {
        run.file("secrets/port", "1").file("secrets/tls.pem", "x").file("secrets/key", "x");
        for (Key<?> key : Keys.ALL) {
            assertEquals("default", run.config().setting(key).source(), key.name());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"api_key", "api-key", "API_KEY", "CCPROXY_API_KEY", "anthropic_api_key"})
    void otherSpellingOfASecretIsAnError(String name) {
        run.file("secrets/" + name, "k");
        String file = folder.resolve("secrets").resolve(name).toString();
        assertEquals("credential %s: expected the name api.key".formatted(file), error());
    }

    @Test
    void longestTokenIsTakenAndALongerOneIsNot() {
        run.file("secrets/api.key", "k".repeat(4096) + "\r\n");
        assertEquals("k".repeat(4096), run.config().get(BackendKeys.API_KEY));
        run.file("secrets/api.key", "k".repeat(4097));
        assertTrue(error().startsWith("api.key: expected visible ASCII"), error());
        run.file("secrets/api.key", "k".repeat(4099));
        assertTrue(error().contains("at most 4096, found a longer file (credential "), error());
    }

    @Test
    void emptyFileIsAnErrorNotAnOpenDoor() {
        run.file("secrets/auth_token", "");
        String form = "auth_token: expected a secret, found an empty file (credential %s)";
        assertEquals(form.formatted(folder.resolve("secrets/auth_token")), error());
        run.file("secrets/auth_token", "\n");
        assertTrue(error().startsWith("auth_token: expected a secret"), error());
    }

    @Test
    void whatCannotBeReadIsAnError() throws IOException {
        Files.createDirectory(folder.resolve("secrets/api.key"));
        String form =
                "api.key: expected a readable file, found none: Is a directory (credential %s)";
        assertEquals(form.formatted(folder.resolve("secrets/api.key")), error());
        run.with("CREDENTIALS_DIRECTORY", folder.resolve("none").toString());
        String message =
                "CREDENTIALS_DIRECTORY: expected a readable folder, found '%s' (no such file)";
        assertEquals(message.formatted(folder.resolve("none")), error());
    }

    private String error() {
        var error = assertThrows(CommandException.class, () -> run.config());
        assertEquals(ExitCode.USAGE, error.code());
        return error.getMessage();
    }
}
