package ccproxy.command;

import ccproxy.http.ClientKeys;
import java.security.SecureRandom;
import java.util.Base64;

/// `token`: a new random auth token, the line that sets it, and its digest for who has several.
final class TokenCommand {
    /// As many as a 256-bit key: beyond guessing.
    private static final int RANDOM_BYTES = 32;

    private TokenCommand() {}

    /// Prints them, a line each.
    static ExitCode run(Surroundings surroundings) {
        byte[] random = new byte[RANDOM_BYTES];
        new SecureRandom().nextBytes(random);
        String token = "ccp_" + Base64.getUrlEncoder().withoutPadding().encodeToString(random);
        surroundings.out().println(token);
        surroundings.out().println("export " + AccessKeys.AUTH_TOKEN.variable() + "=" + token);
        // A comment, so that a shell may read the lines.
        String hashed =
                "# or one client's, in the file: {\"auth_tokens\": {\"NAME\": {\"sha256\": \"%s\"}}}";
        surroundings.out().println(hashed.formatted(ClientKeys.digest(token)));
        return ExitCode.OK;
    }
}
