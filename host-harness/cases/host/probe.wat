;; A guest that does what its configuration says, and tells what came of it.
;;
;; The configuration is lines of words with blanks between them. A line that begins with `@` names a
;; callback; the lines after it are what the callback does, in order:
;;
;;   get MAP NAME            set MAP NAME VALUE       add MAP NAME VALUE     remove MAP NAME
;;   setmap MAP N=V...       badmap MAP               when MAP NAME
;;   body KIND START MAX     setbody KIND START SIZE DATA
;;   answer STATUS DETAILS BODY GRPC N=V...           resume HALF            close HALF
;;   call UPSTREAM PATH BODY TIMEOUT N=V...           badcall UPSTREAM N=V...
;;   status                  last COUNT               badanswer STATUS
;;   load KEY                store KEY VALUE CAS      storecas KEY VALUE
;;   define KIND NAME        increment BY             record VALUE           metric
;;   badmetric               random SIZE              trap
;;   property A.B.C          number A.B.C             setproperty A.B.C VALUE
;;   act CONTEXT             act_root                 act_own              act_stream
;;   say TEXT                tell MAP NAME            action N               ends
;;
;; Maps, kinds, halves and statuses are numbers as in the ABI; `-` is nothing, `$` is the report.
;; Each of them adds `;STATUS` to the report of the callback, with `=VALUE` where there is one;
;; `tell` writes the report into a header, `say` logs it. `storecas` uses the number that the last
;; `load` gave. `number` tells how many bytes there are and what the first four say. `when` goes on
;; only if there is such a header, `ends` only if the callback is told that its half ends, `last`
;; only with every COUNTth call of it.
;;
;; Words are known by their hash: 31 times the hash so far plus the byte, modulo 2 to the 32.
(module
  (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
  (import "env" "proxy_get_buffer_bytes" (func $buffer (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_set_buffer_bytes" (func $set_buffer (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_get_header_map_pairs" (func $pairs (param i32 i32 i32) (result i32)))
  (import "env" "proxy_set_header_map_pairs" (func $set_pairs (param i32 i32 i32) (result i32)))
  (import "env" "proxy_get_header_map_value" (func $get (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_add_header_map_value" (func $add (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_replace_header_map_value" (func $set (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_remove_header_map_value" (func $remove (param i32 i32 i32) (result i32)))
  (import "env" "proxy_send_local_response" (func $answer (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_continue_stream" (func $resume (param i32) (result i32)))
  (import "env" "proxy_close_stream" (func $close (param i32) (result i32)))
  (import "env" "proxy_http_call" (func $call (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_get_status" (func $get_status (param i32 i32 i32) (result i32)))
  (import "env" "proxy_set_effective_context" (func $act (param i32) (result i32)))
  (import "env" "proxy_get_shared_data" (func $load (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_set_shared_data" (func $store (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_define_metric" (func $define (param i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_increment_metric" (func $increment (param i32 i64) (result i32)))
  (import "env" "proxy_record_metric" (func $record (param i32 i64) (result i32)))
  (import "env" "proxy_get_metric" (func $metric (param i32 i32) (result i32)))
  (import "env" "proxy_get_property" (func $property (param i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_set_property" (func $set_property (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (memory (export "memory") 8)

  ;; 0..255 answers of the host; 256.. words of a line as pairs (pointer, length); 512.. constants;
  ;; 1024.. maps being built; 8192.. the report; 16384.. the configuration; 65536.. the heap.
  (data (i32.const 512) ":method\00POST\00:path\00:authority\00callee\00")
  (global $free (mut i32) (i32.const 131072))
  (global $program (mut i32) (i32.const 0))
  (global $program_end (mut i32) (i32.const 0))
  (global $report (mut i32) (i32.const 0))
  (global $words (mut i32) (i32.const 0))
  (global $root (mut i32) (i32.const 0))
  ;; The number of the last cas, the metric that was defined last, and replies to calls so far.
  (global $cas (mut i32) (i32.const 0))
  (global $defined (mut i32) (i32.const 0))
  (global $replies (mut i32) (i32.const 0))
  ;; The stream whose headers came last.
  (global $stream (mut i32) (i32.const 0))

  (func (export "proxy_abi_version_0_2_1"))
  (func (export "proxy_on_memory_allocate") (param $len i32) (result i32)
    (local $at i32)
    (local.set $at (global.get $free))
    (global.set $free (i32.add (global.get $free) (i32.and (i32.add (local.get $len) (i32.const 7)) (i32.const -8))))
    ;; Answers are read at once: the space is used again.
    (if (i32.gt_u (global.get $free) (i32.const 458752)) (then (global.set $free (i32.const 131072)) (local.set $at (i32.const 131072))))
    (local.get $at))

  ;; ---- words ----
  (func $ptr (param $n i32) (result i32)
    (i32.load (i32.add (i32.const 256) (i32.mul (local.get $n) (i32.const 8)))))
  (func $len (param $n i32) (result i32)
    (i32.load (i32.add (i32.const 260) (i32.mul (local.get $n) (i32.const 8)))))
  ;; `-` is nothing.
  (func $text_len (param $n i32) (result i32)
    (if (result i32) (i32.ge_u (local.get $n) (global.get $words)) (then (i32.const 0))
      (else (if (result i32)
        (i32.and (i32.eq (call $len (local.get $n)) (i32.const 1)) (i32.eq (i32.load8_u (call $ptr (local.get $n))) (i32.const 45)))
        (then (i32.const 0)) (else (call $len (local.get $n)))))))
  (func $num (param $n i32) (result i32)
    (local $at i32) (local $end i32) (local $value i32) (local $negative i32)
    (if (i32.ge_u (local.get $n) (global.get $words)) (then (return (i32.const 0))))
    (local.set $at (call $ptr (local.get $n)))
    (local.set $end (i32.add (local.get $at) (call $len (local.get $n))))
    (if (i32.eq (i32.load8_u (local.get $at)) (i32.const 45))
      (then (local.set $negative (i32.const 1)) (local.set $at (i32.add (local.get $at) (i32.const 1)))))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
      (local.set $value (i32.add (i32.mul (local.get $value) (i32.const 10))
        (i32.sub (i32.load8_u (local.get $at)) (i32.const 48))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br $next)))
    (select (i32.sub (i32.const 0) (local.get $value)) (local.get $value) (local.get $negative)))
  ;; Reads a line into words and returns where the next one begins.
  (func $line (param $at i32) (result i32)
    (local $byte i32) (local $start i32)
    (global.set $words (i32.const 0))
    (local.set $start (local.get $at))
    (block $done (loop $next
      (local.set $byte (i32.const 10))
      (if (i32.lt_u (local.get $at) (global.get $program_end))
        (then (local.set $byte (i32.load8_u (local.get $at)))))
      (if (i32.or (i32.eq (local.get $byte) (i32.const 32)) (i32.eq (local.get $byte) (i32.const 10)))
        (then
          (if (i32.gt_u (local.get $at) (local.get $start))
            (then
              (i32.store (i32.add (i32.const 256) (i32.mul (global.get $words) (i32.const 8))) (local.get $start))
              (i32.store (i32.add (i32.const 260) (i32.mul (global.get $words) (i32.const 8)))
                (i32.sub (local.get $at) (local.get $start)))
              (global.set $words (i32.add (global.get $words) (i32.const 1)))))
          (local.set $start (i32.add (local.get $at) (i32.const 1)))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $done (i32.eq (local.get $byte) (i32.const 10)))
      (br $next)))
    (local.get $at))
  ;; The hash of a word: enough to tell the few that are known.
  (func $hash (param $n i32) (result i32)
    (local $at i32) (local $end i32) (local $value i32)
    (if (i32.ge_u (local.get $n) (global.get $words)) (then (return (i32.const 0))))
    (local.set $at (call $ptr (local.get $n)))
    (local.set $end (i32.add (local.get $at) (call $len (local.get $n))))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
      (local.set $value (i32.add (i32.mul (local.get $value) (i32.const 31)) (i32.load8_u (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br $next)))
    (local.get $value))

  ;; ---- the report ----
  (func $put (param $byte i32)
    (i32.store8 (i32.add (i32.const 8192) (global.get $report)) (local.get $byte))
    (if (i32.lt_u (global.get $report) (i32.const 8000))
      (then (global.set $report (i32.add (global.get $report) (i32.const 1))))))
  (func $put_text (param $at i32) (param $len i32)
    (local $i i32)
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $i) (local.get $len)))
      (call $put (i32.load8_u (i32.add (local.get $at) (local.get $i))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $next))))
  (func $put_number (param $n i32)
    (if (i32.ge_u (local.get $n) (i32.const 10)) (then (call $put_number (i32.div_u (local.get $n) (i32.const 10)))))
    (call $put (i32.add (i32.const 48) (i32.rem_u (local.get $n) (i32.const 10)))))
  ;; `;STATUS`
  (func $came (param $status i32)
    (call $put (i32.const 59)) (call $put_number (local.get $status)))
  ;; `;STATUS=VALUE`
  (func $came_text (param $status i32)
    (call $came (local.get $status))
    (if (i32.eqz (local.get $status))
      (then (call $put (i32.const 61)) (call $put_text (i32.load (i32.const 0)) (i32.load (i32.const 4))))))
  (func $came_number (param $status i32) (param $n i32)
    (call $came (local.get $status))
    (if (i32.eqz (local.get $status))
      (then (call $put (i32.const 61)) (call $put_number (local.get $n)))))

  ;; ---- maps ----
  (func $copy (param $to i32) (param $from i32) (param $len i32) (result i32)
    (memory.copy (local.get $to) (local.get $from) (local.get $len))
    (i32.store8 (i32.add (local.get $to) (local.get $len)) (i32.const 0))
    (i32.add (i32.add (local.get $to) (local.get $len)) (i32.const 1)))
  (func $equals (param $n i32) (result i32)
    (local $i i32)
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $i) (call $len (local.get $n))))
      (br_if $done (i32.eq (i32.load8_u (i32.add (call $ptr (local.get $n)) (local.get $i))) (i32.const 61)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $next)))
    (local.get $i))
  ;; A map at 1024 from the words from one on, after as many pairs as lie at 768 as pointers.
  (func $map (param $first i32) (param $fixed i32) (result i32)
    (local $count i32) (local $n i32) (local $to i32) (local $split i32)
    (local.set $count (i32.add (local.get $fixed)
      (select (i32.sub (global.get $words) (local.get $first)) (i32.const 0) (i32.gt_u (global.get $words) (local.get $first)))))
    (i32.store (i32.const 1024) (local.get $count))
    (local.set $to (i32.add (i32.const 1028) (i32.mul (local.get $count) (i32.const 8))))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $n) (local.get $fixed)))
      (i32.store (i32.add (i32.const 1028) (i32.mul (local.get $n) (i32.const 8)))
        (i32.load (i32.add (i32.const 772) (i32.mul (local.get $n) (i32.const 16)))))
      (i32.store (i32.add (i32.const 1032) (i32.mul (local.get $n) (i32.const 8)))
        (i32.load (i32.add (i32.const 780) (i32.mul (local.get $n) (i32.const 16)))))
      (local.set $to (call $copy (local.get $to)
        (i32.load (i32.add (i32.const 768) (i32.mul (local.get $n) (i32.const 16))))
        (i32.load (i32.add (i32.const 772) (i32.mul (local.get $n) (i32.const 16))))))
      (local.set $to (call $copy (local.get $to)
        (i32.load (i32.add (i32.const 776) (i32.mul (local.get $n) (i32.const 16))))
        (i32.load (i32.add (i32.const 780) (i32.mul (local.get $n) (i32.const 16))))))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br $next)))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $n) (local.get $count)))
      (local.set $split (call $equals (local.get $first)))
      (i32.store (i32.add (i32.const 1028) (i32.mul (local.get $n) (i32.const 8))) (local.get $split))
      (i32.store (i32.add (i32.const 1032) (i32.mul (local.get $n) (i32.const 8)))
        (i32.sub (i32.sub (call $len (local.get $first)) (local.get $split)) (i32.const 1)))
      (local.set $to (call $copy (local.get $to) (call $ptr (local.get $first)) (local.get $split)))
      (local.set $to (call $copy (local.get $to)
        (i32.add (i32.add (call $ptr (local.get $first)) (local.get $split)) (i32.const 1))
        (i32.sub (i32.sub (call $len (local.get $first)) (local.get $split)) (i32.const 1))))
      (local.set $first (i32.add (local.get $first) (i32.const 1)))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br $next)))
    (i32.sub (local.get $to) (i32.const 1024)))
  (func $fixed (param $n i32) (param $name i32) (param $name_len i32) (param $value i32) (param $value_len i32)
    (i32.store (i32.add (i32.const 768) (i32.mul (local.get $n) (i32.const 16))) (local.get $name))
    (i32.store (i32.add (i32.const 772) (i32.mul (local.get $n) (i32.const 16))) (local.get $name_len))
    (i32.store (i32.add (i32.const 776) (i32.mul (local.get $n) (i32.const 16))) (local.get $value))
    (i32.store (i32.add (i32.const 780) (i32.mul (local.get $n) (i32.const 16))) (local.get $value_len)))
  ;; Dots become the separators of a property's path.
  (func $path (param $n i32)
    (local $i i32) (local $byte i32)
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $i) (call $len (local.get $n))))
      (local.set $byte (i32.load8_u (i32.add (call $ptr (local.get $n)) (local.get $i))))
      (i32.store8 (i32.add (i32.const 1024) (local.get $i))
        (select (i32.const 0) (local.get $byte) (i32.eq (local.get $byte) (i32.const 46))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $next))))

  ;; ---- the callbacks ----
  ;; Does what stands under a name; returns the action.
  (func $play (param $context i32) (param $name i32) (param $end i32) (param $otherwise i32) (result i32)
    (local $at i32) (local $op i32) (local $on i32) (local $action i32) (local $size i32)
    (local.set $action (local.get $otherwise))
    (global.set $report (i32.const 0))
    (local.set $at (global.get $program))
    (block $over (loop $next
      (br_if $over (i32.ge_u (local.get $at) (global.get $program_end)))
      (local.set $at (call $line (local.get $at)))
      (br_if $next (i32.eqz (global.get $words)))
      (local.set $op (call $hash (i32.const 0)))
      (if (i32.eq (i32.load8_u (call $ptr (i32.const 0))) (i32.const 64))
        (then (local.set $on (i32.eq (local.get $op) (local.get $name))) (br $next)))
      (br_if $next (i32.eqz (local.get $on)))
      (if (i32.eq (local.get $op) (i32.const 102230)) ;; get
        (then
          (call $came_text (call $get (call $num (i32.const 1)) (call $ptr (i32.const 2)) (call $len (i32.const 2)) (i32.const 0) (i32.const 4)))
          (br $next)))
      (if (i32.eq (local.get $op) (i32.const 113762)) ;; set
        (then
          (call $came (call $set (call $num (i32.const 1)) (call $ptr (i32.const 2)) (call $len (i32.const 2)) (call $ptr (i32.const 3)) (call $text_len (i32.const 3))))
          (br $next)))
      (if (i32.eq (local.get $op) (i32.const 96417)) ;; add
        (then
          (call $came (call $add (call $num (i32.const 1)) (call $ptr (i32.const 2)) (call $len (i32.const 2)) (call $ptr (i32.const 3)) (call $text_len (i32.const 3))))
          (br $next)))
      (if (i32.eq (local.get $op) (i32.const 3360356484)) ;; remove
        (then
          (call $came (call $remove (call $num (i32.const 1)) (call $ptr (i32.const 2)) (call $len (i32.const 2))))
          (br $next)))
      (if (i32.eq (local.get $op) (i32.const 3389191610)) ;; setmap
        (then
          (local.set $size (call $map (i32.const 2) (i32.const 0)))
          (call $came (call $set_pairs (call $num (i32.const 1)) (i32.const 1024) (local.get $size)))
          (br $next)))
      (if (i32.eq (local.get $op) (i32.const 2898325303)) ;; badmap
        (then
          (i32.store (i32.const 1024) (i32.const 9999))
          (call $came (call $set_pairs (call $num (i32.const 1)) (i32.const 1024) (i32.const 20)))
          (br $next)))
      (if (i32.eq (local.get $op) (i32.const 3029410)) ;; body
        (then
          (call $came_text (call $buffer (call $num (i32.const 1)) (call $num (i32.const 2)) (call $num (i32.const 3)) (i32.const 0) (i32.const 4)))
          (br $next)))
      (if (i32.eq (local.get $op) (i32.const 1985410308)) ;; setbody
        (then
          (call $came (call $set_buffer (call $num (i32.const 1)) (call $num (i32.const 2)) (call $num (i32.const 3)) (call $ptr (i32.const 4)) (call $text_len (i32.const 4))))
          (br $next)))
      (if (i32.eq (local.get $op) (i32.const 2882158526)) ;; answer
        (then
          (local.set $size (call $map (i32.const 5) (i32.const 0)))
          (if (i32.eq (call $hash (i32.const 3)) (i32.const 36))
          (then (i32.store (i32.const 280) (i32.const 8192)) (i32.store (i32.const 284) (global.get $report))))
          (call $came (call $answer (call $num (i32.const 1)) (call $ptr (i32.const 2)) (call $text_len (i32.const 2)) (call $ptr (i32.const 3)) (call $text_len (i32.const 3)) (i32.const 1024) (local.get $size) (call $num (i32.const 4))))
          (br $next)))
      (if (i32.eq (local.get $op) (i32.const 1950213123)) ;; badanswer
        (then
          (i32.store (i32.const 1024) (i32.const 9999))
          (call $came (call $answer (call $num (i32.const 1)) (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1024) (i32.const 20) (i32.const -1)))
          (br $next)))
      (if (i32.eq (local.get $op) (i32.const 3360540717)) ;; resume
        (then
          (call $came (call $resume (call $num (i32.const 1))))
          (br $next)))
      (if (i32.eq (local.get $op) (i32.const 94756344)) ;; close
        (then
          (call $came (call $close (call $num (i32.const 1))))
          (br $next)))
      (if (i32.eq (local.get $op) (i32.const 3045982)) ;; call
        (then
          (call $fixed (i32.const 0) (i32.const 512) (i32.const 7) (i32.const 520) (i32.const 4))
          (call $fixed (i32.const 1) (i32.const 525) (i32.const 5) (call $ptr (i32.const 2)) (call $len (i32.const 2)))
          (call $fixed (i32.const 2) (i32.const 531) (i32.const 10) (i32.const 542) (i32.const 6))
          (local.set $size (call $map (i32.const 5) (i32.const 3)))
          (i32.store (i32.const 8) (i32.const 0))
          (call $came (call $call (call $ptr (i32.const 1)) (call $len (i32.const 1)) (i32.const 1024) (local.get $size) (call $ptr (i32.const 3)) (call $text_len (i32.const 3)) (i32.const 1) (i32.const 0) (call $num (i32.const 4)) (i32.const 0)))
          (br $next)))
      (if (i32.eq (local.get $op) (i32.const 3948440547)) ;; badcall
        (then
          (local.set $size (call $map (i32.const 2) (i32.const 0)))
          (call $came (call $call (call $ptr (i32.const 1)) (call $len (i32.const 1)) (i32.const 1024) (local.get $size) (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1000) (i32.const 0)))
          (br $next)))
      (if (i32.eq (local.get $op) (i32.const 3402485746)) ;; status
        (then
          (local.set $size (call $get_status (i32.const 8) (i32.const 0) (i32.const 4)))
          (call $came_number (local.get $size) (i32.load (i32.const 8)))
          (br $next)))
      (if (i32.eq (local.get $op) (i32.const 3327206)) ;; load
        (then
          (i32.store (i32.const 8) (i32.const 0))
          (call $came_text (call $load (call $ptr (i32.const 1)) (call $len (i32.const 1)) (i32.const 0) (i32.const 4) (i32.const 8)))
          (global.set $cas (i32.load (i32.const 8)))
          (br $next)))
      (if (i32.eq (local.get $op) (i32.const 109770977)) ;; store
        (then
          (call $came (call $store (call $ptr (i32.const 1)) (call $len (i32.const 1)) (call $ptr (i32.const 2)) (call $text_len (i32.const 2)) (call $num (i32.const 3))))
          (br $next)))
      (if (i32.eq (local.get $op) (i32.const 1717161812)) ;; storecas
        (then
          (call $came (call $store (call $ptr (i32.const 1)) (call $len (i32.const 1)) (call $ptr (i32.const 2)) (call $text_len (i32.const 2)) (global.get $cas)))
          (br $next)))
      (if (i32.eq (local.get $op) (i32.const 2959333819)) ;; define
        (then
          (local.set $size (call $define (call $num (i32.const 1)) (call $ptr (i32.const 2)) (call $len (i32.const 2)) (i32.const 8)))
          (call $came (local.get $size))
          (global.set $defined (i32.load (i32.const 8)))
          (br $next)))
      (if (i32.eq (local.get $op) (i32.const 2955316079)) ;; increment
        (then
          (call $came (call $increment (global.get $defined) (i64.extend_i32_s (call $num (i32.const 1)))))
          (br $next)))
      (if (i32.eq (local.get $op) (i32.const 3360058449)) ;; record
        (then
          (call $came (call $record (global.get $defined) (i64.extend_i32_s (call $num (i32.const 1)))))
          (br $next)))
      (if (i32.eq (local.get $op) (i32.const 3217421744)) ;; metric
        (then
          (local.set $size (call $metric (global.get $defined) (i32.const 8)))
          (call $came_number (local.get $size) (i32.load (i32.const 8)))
          (br $next)))
      (if (i32.eq (local.get $op) (i32.const 2285476341)) ;; badmetric
        (then
          (call $came (call $increment (i32.const 123456) (i64.const 1)))
          (call $came (call $metric (i32.const 123456) (i32.const 8)))
          (br $next)))
      (if (i32.eq (local.get $op) (i32.const 3301826005)) ;; property
        (then
          (call $path (i32.const 1))
          (call $came_text (call $property (i32.const 1024) (call $len (i32.const 1)) (i32.const 0) (i32.const 4)))
          (br $next)))
      (if (i32.eq (local.get $op) (i32.const 3260603209)) ;; number
        (then
          (call $path (i32.const 1))
          (local.set $size (call $property (i32.const 1024) (call $len (i32.const 1)) (i32.const 0) (i32.const 4)))
          (call $came (local.get $size))
          (if (i32.eqz (local.get $size)) (then
          (call $put (i32.const 61)) (call $put_number (i32.load (i32.const 4)))
          (call $put (i32.const 58)) (call $put_number (i32.load (i32.load (i32.const 0))))))
          (br $next)))
      (if (i32.eq (local.get $op) (i32.const 931534903)) ;; setproperty
        (then
          (call $path (i32.const 1))
          (call $came (call $set_property (i32.const 1024) (call $len (i32.const 1)) (call $ptr (i32.const 2)) (call $text_len (i32.const 2))))
          (br $next)))
      (if (i32.eq (local.get $op) (i32.const 3356681411)) ;; random
        (then
          (call $came (call $random (i32.const 131072) (call $num (i32.const 1))))
          (br $next)))
      (if (i32.eq (local.get $op) (i32.const 3568429)) ;; trap
        (then
          (unreachable)
          (br $next)))
      (if (i32.eq (local.get $op) (i32.const 96402)) ;; act
        (then
          (call $came (call $act (call $num (i32.const 1))))
          (br $next)))
      (if (i32.eq (local.get $op) (i32.const 2629651567)) ;; act_root
        (then
          (call $came (call $act (global.get $root)))
          (br $next)))
      (if (i32.eq (local.get $op) (i32.const 3132866137)) ;; act_own
        (then
          (call $came (call $act (local.get $context)))
          (br $next)))
      (if (i32.eq (local.get $op) (i32.const 1687710669)) ;; act_stream
        (then
          (call $came (call $act (global.get $stream)))
          (br $next)))
      (if (i32.eq (local.get $op) (i32.const 113643)) ;; say
        (then
          (if (i32.eq (call $hash (i32.const 1)) (i32.const 36))
          (then (drop (call $log (i32.const 2) (i32.const 8192) (global.get $report))))
          (else (drop (call $log (i32.const 2) (call $ptr (i32.const 1)) (call $len (i32.const 1))))))
          (br $next)))
      (if (i32.eq (local.get $op) (i32.const 3556273)) ;; tell
        (then
          (drop (call $set (call $num (i32.const 1)) (call $ptr (i32.const 2)) (call $len (i32.const 2)) (i32.const 8192) (global.get $report)))
          (br $next)))
      (if (i32.eq (local.get $op) (i32.const 2872016438)) ;; action
        (then
          (local.set $action (call $num (i32.const 1)))
          (br $next)))
      (if (i32.eq (local.get $op) (i32.const 3117816)) ;; ends
        (then
          (br_if $over (i32.eqz (local.get $end)))
          (br $next)))
      (if (i32.eq (local.get $op) (i32.const 3314326)) ;; last
        (then
          (global.set $replies (i32.add (global.get $replies) (i32.const 1)))
          (br_if $over (i32.rem_u (global.get $replies) (call $num (i32.const 1))))
          (br $next)))
      (if (i32.eq (local.get $op) (i32.const 3648314)) ;; when
        (then
          (br_if $over (call $get (call $num (i32.const 1)) (call $ptr (i32.const 2)) (call $len (i32.const 2)) (i32.const 0) (i32.const 4)))
          (br $next)))
      (call $came (i32.const 99))
      (br $next)))
    (local.get $action))

  (func (export "proxy_on_context_create") (param $context i32) (param $root i32)
    (if (i32.eqz (local.get $root)) (then (global.set $root (local.get $context)))))
  (func (export "proxy_on_configure") (param $root i32) (param $size i32) (result i32)
    (if (i32.eqz (local.get $size)) (then (return (i32.const 1))))
    (drop (call $buffer (i32.const 7) (i32.const 0) (local.get $size) (i32.const 0) (i32.const 4)))
    (memory.copy (i32.const 16384) (i32.load (i32.const 0)) (i32.load (i32.const 4)))
    (global.set $program (i32.const 16384))
    (global.set $program_end (i32.add (i32.const 16384) (i32.load (i32.const 4))))
    (drop (call $play (local.get $root) (i32.const 3798575782) (i32.const 1) (i32.const 0))) ;; @configure
    (i32.const 1))
  (func (export "proxy_on_request_headers") (param $c i32) (param $n i32) (param $end i32) (result i32)
    (global.set $stream (local.get $c))
    (call $play (local.get $c) (i32.const 3068494230) (local.get $end) (i32.const 0))) ;; @request_headers
  (func (export "proxy_on_request_body") (param $c i32) (param $n i32) (param $end i32) (result i32)
    (call $play (local.get $c) (i32.const 3999785362) (local.get $end) (i32.const 0))) ;; @request_body
  (func (export "proxy_on_request_trailers") (param $c i32) (param $n i32) (result i32)
    (call $play (local.get $c) (i32.const 3025355152) (i32.const 1) (i32.const 0))) ;; @request_trailers
  (func (export "proxy_on_response_headers") (param $c i32) (param $n i32) (param $end i32) (result i32)
    (call $play (local.get $c) (i32.const 691132872) (local.get $end) (i32.const 0))) ;; @response_headers
  (func (export "proxy_on_response_body") (param $c i32) (param $n i32) (param $end i32) (result i32)
    (call $play (local.get $c) (i32.const 3680224928) (local.get $end) (i32.const 0))) ;; @response_body
  (func (export "proxy_on_response_trailers") (param $c i32) (param $n i32) (result i32)
    (call $play (local.get $c) (i32.const 2341597086) (i32.const 1) (i32.const 0))) ;; @response_trailers
  (func (export "proxy_on_http_call_response") (param $c i32) (param $token i32) (param $headers i32) (param $body i32) (param $trailers i32)
    (drop (call $play (local.get $c) (i32.const 62151326) (i32.const 1) (i32.const 0)))) ;; @call
  (func (export "proxy_on_log") (param $c i32)
    (drop (call $play (local.get $c) (i32.const 2013956) (i32.const 1) (i32.const 0)))) ;; @log
)
