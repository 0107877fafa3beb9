/// Who answers: the interface, its backends, sessions and what is known of the models. Only here:
/// the connection to the upstream, and the processes of the CLI.
package ccproxy.claude;
