;; A door that opens to whoever knows the word, and tells the house who came.
(module
  (import "env" "proxy_get_header_map_value"
    (func $get (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_replace_header_map_value"
    (func $set (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_remove_header_map_value" (func $remove (param i32 i32 i32) (result i32)))
  (import "env" "proxy_send_local_response"
    (func $answer (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_get_buffer_bytes"
    (func $buffer (param i32 i32 i32 i32 i32) (result i32)))

  (memory (export "memory") 2)
  (global $free (mut i32) (i32.const 65536))
  (data (i32.const 256) "x-wordx-guestknown{\"message\":\"who is there?\"}no_word")

  (func (export "proxy_abi_version_0_2_1"))
  ;; Whatever a request needed is free again when the next one comes.
  (func (export "proxy_on_memory_allocate") (param $len i32) (result i32)
    (local $at i32)
    (local.set $at (global.get $free))
    (global.set $free (i32.add (global.get $free) (local.get $len)))
    (local.get $at))

  ;; The configuration is the word; there must be one.
  (global $word (mut i32) (i32.const 0))
  (global $len (mut i32) (i32.const 0))
  (func (export "proxy_on_configure") (param i32 i32) (result i32)
    (drop (call $buffer (i32.const 7) (i32.const 0) (i32.const 99) (i32.const 0) (i32.const 4)))
    (global.set $word (i32.load (i32.const 0)))
    (global.set $len (local.get 1))
    (i32.ne (local.get 1) (i32.const 0)))

  (func $same (param $at i32) (param $len i32) (result i32)
    (local $i i32)
    (if (i32.ne (local.get $len) (global.get $len)) (then (return (i32.const 0))))
    (block $end
      (loop $next
        (br_if $end (i32.eq (local.get $i) (local.get $len)))
        (if (i32.ne
              (i32.load8_u (i32.add (local.get $at) (local.get $i)))
              (i32.load8_u (i32.add (global.get $word) (local.get $i))))
          (then (return (i32.const 0))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $next)))
    (i32.const 1))

  (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
    (local $mark i32)
    (local.set $mark (global.get $free))
    (if (i32.eqz (call $get (i32.const 0) (i32.const 256) (i32.const 6) (i32.const 0) (i32.const 4)))
      (then
        (if (call $same (i32.load (i32.const 0)) (i32.load (i32.const 4)))
          (then
            (global.set $free (local.get $mark))
            (drop (call $remove (i32.const 0) (i32.const 256) (i32.const 6)))
            (drop (call $set (i32.const 0) (i32.const 262) (i32.const 7) (i32.const 269) (i32.const 5)))
            (return (i32.const 0))))))
    (global.set $free (local.get $mark))
    (drop (call $answer (i32.const 401) (i32.const 301) (i32.const 7) (i32.const 274) (i32.const 27)
      (i32.const 0) (i32.const 0) (i32.const -1)))
    (i32.const 1))
)
